import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { namedRoomKey } from '@romm-netplay/protocol';
import { eventually } from '@romm-netplay/testing';
import { HS256_ISSUER } from '@romm-netplay/token-core';
import jwt from 'jsonwebtoken';
import request from 'supertest';
import { connectLegacy, legacySocket, outcomeOf, sfuExtra } from './support/legacy-player.js';
import { codeOf, lose, nextEvent, startNode, type TestNode } from './support/node.js';

/**
 * The defects of the server this one replaces, by their numbers: each test does what went wrong there, on the
 * interface that existing clients use where there is one. Other suites test the same in depth.
 */
let node: TestNode;
beforeEach(async () => {
  node = await startNode({ maxSocketsPerAddress: 500 });
});
afterEach(() => node.close());

const ADA = { sub: 'ada', netplayUsername: 'Ada' };
const post = async (path: string, body: object, token?: string) =>
  request(node.sfu.url)
    .post(path)
    .set('authorization', `Bearer ${token ?? (await node.writeToken(ADA))}`)
    .send(body);
const list = async (query = '') =>
  (
    await request(node.sfu.url)
      .get(`/list${query}`)
      .set('authorization', `Bearer ${await node.readToken(ADA)}`)
  ).body as Record<string, { current: number; url: string }>;
const record = (nodeId: string, url: string) => ({
  ...{ room_name: 'den', current: 1, max: 4, hasPassword: false },
  ...{ nodeId, url, updatedAt: 1 },
});

type Check = [id: string, what: string, check: () => Promise<void>];

const AUTH: Check[] = [
  [
    'D1',
    'a read token opens and joins nothing',
    async () => {
      const eve = await connectLegacy(node, 'Eve');
      expect(await eve.call('open-room', { extra: sfuExtra('den') })).toEqual(['unauthorized']);
      expect((await post('/create', { room_name: 'den' }, await node.readToken(ADA))).status).toBe(401);
      expect(node.sfu.rooms).toBe(0);
    },
  ],
  [
    'D2',
    'a write token works for the player it names only, and is compared with who is on the socket',
    async () => {
      const eve = await connectLegacy(node, 'Eve');
      const extra = { ...sfuExtra('den'), token: await node.writeToken(ADA) };
      expect(await eve.call('open-room', { extra })).toEqual(['unauthorized']);
    },
  ],
  [
    'D3',
    'no other node repoints or deletes a room',
    async () => {
      await node.state.rooms.upsert(record('node-b', 'https://b.example'));
      expect(await node.state.rooms.upsert(record('evil', 'https://evil.example'))).toBe(
        'held-by-other-node',
      );
      expect(await node.state.rooms.remove(namedRoomKey('den'), 'evil')).toBe('held-by-other-node');
      expect(await node.state.rooms.resolve(namedRoomKey('den'))).toMatchObject({ url: 'https://b.example' });
    },
  ],
  [
    'D4',
    'a token under a shared secret, without audience or key id, is refused',
    async () => {
      const claims = { sub: 'ada', type: 'sfu:read', iss: HS256_ISSUER };
      const token = jwt.sign(claims, 'the-app-wide-secret', { expiresIn: 60 });
      const refused = await outcomeOf(legacySocket(node, { auth: { token } }));
      expect(refused?.message).toBe('unauthorized');
    },
  ],
  [
    'D5',
    'equal names are not equal players: two of them play side by side',
    async () => {
      const [one, two] = [await connectLegacy(node, 'Same'), await connectLegacy(node, 'Same')];
      await one.enter('open-room', sfuExtra('den'));
      const [, joined] = await two.enter('join-room', sfuExtra('den'));
      expect(Object.keys((joined as { users: object }).users)).toHaveLength(2);
    },
  ],
  [
    'D6',
    'a session that ends closes its sockets and its tokens',
    async () => {
      const subject = { ...ADA, sessionId: 'session-1' };
      const ada = await connectLegacy(node, 'Ada', { subject });
      const gone = new Promise((resolve) => ada.socket.once('disconnect', resolve));
      await node.revoke('session-1');
      await gone;
      const again = legacySocket(node, { auth: { token: await node.readToken(subject) } });
      expect((await outcomeOf(again))?.message).toBe('unauthorized');
    },
  ],
  [
    'D7',
    'a token in the URL is not taken',
    async () => {
      const token = await node.readToken(ADA);
      expect((await request(node.sfu.url).get('/list').query({ token })).status).toBe(401);
      expect((await outcomeOf(legacySocket(node, { query: { token } })))?.message).toBe('unauthorized');
    },
  ],
  [
    'D8',
    'no page of another origin is let in',
    async () => {
      const { headers } = await request(node.sfu.url).get('/list').set('origin', 'https://evil.example');
      expect(headers['access-control-allow-origin']).toBeUndefined();
      const options = { auth: { token: await node.readToken(ADA) } };
      const extraHeaders = { origin: 'https://evil.example' };
      expect(await outcomeOf(legacySocket(node, { ...options, extraHeaders }))).not.toBeNull();
    },
  ],
  [
    'D9',
    'no token is 401, not 503',
    async () => {
      const { status, body } = await request(node.sfu.url).get('/list');
      expect([status, body.error]).toEqual([401, 'unauthorized']);
    },
  ],
  [
    'D10',
    'a request that is refused for what it says burns no ticket',
    async () => {
      const token = await node.writeToken(ADA);
      expect((await post('/create', {}, token)).body.error).toBe('room_name is required');
      expect((await post('/create', { room_name: 'den' }, token)).status).toBe(200);
    },
  ],
];

const ROOMS: Check[] = [
  [
    'D11',
    'opening a room that exists takes nothing over',
    async () => {
      await post('/create', { room_name: 'den', password: 'secret', max_players: 2, game_id: 7 });
      const eve = await connectLegacy(node, 'Eve');
      expect(await eve.enter('open-room', sfuExtra('den'), { maxPlayers: 16 })).toEqual(['room exists']);
      expect(await eve.enter('join-room', sfuExtra('den'))).toEqual(['bad password']);
      expect(await list()).toMatchObject({ den: { current: 1, max: 2, hasPassword: true } });
    },
  ],
  [
    'D12',
    'a room named like a socket hears nothing of it',
    async () => {
      const [ada, eve] = [await connectLegacy(node, 'Ada'), await connectLegacy(node, 'Eve')];
      await eve.enter('open-room', sfuExtra(ada.socket.id!));
      expect(await ada.call('chat-message', { message: 'hi' })).toEqual(['not in room']);
      expect(await eve.call('webrtc-signal', { target: ada.socket.id, offer: 1 })).toEqual(['not a member']);
    },
  ],
  [
    'D13',
    'who opened a room over HTTP or a socket owns it, and ownership passes on',
    async () => {
      const [ada, bob] = [await connectLegacy(node, 'Ada'), await connectLegacy(node, 'Bob')];
      await ada.enter('open-room', sfuExtra('den'));
      await bob.enter('join-room', sfuExtra('den'));
      expect(await bob.call('netplay-host-paused', {})).toEqual(['not owner']);
      expect(await ada.call('netplay-host-paused', {})).toEqual([null]);
      await ada.call('leave-room', {});
      expect(await bob.call('netplay-host-resumed', {})).toEqual([null]);
    },
  ],
  [
    'D14',
    'join-info answers',
    async () => {
      const ada = await connectLegacy(node, 'Ada');
      await ada.enter('open-room', sfuExtra('den', { netplay_mode: 1, rom_hash: 'abc', core_type: 'x' }));
      const [error, info] = await ada.call('join-info', { roomName: 'den', romHash: 'abc', emulatorId: 'x' });
      expect([error, info]).toMatchObject([null, { compatible: true }]);
    },
  ],
  [
    'D15',
    'outsiders change nothing, and what a member changes is acknowledged',
    async () => {
      const [ada, eve] = [await connectLegacy(node, 'Ada'), await connectLegacy(node, 'Eve')];
      await ada.enter('open-room', sfuExtra('den'));
      const metadata = { roomName: 'den', metadata: { rom_name: 'Chess' } };
      for (const event of [
        'update-room-metadata',
        'player-unready',
        'ready-at-frame-1',
        'update-player-slot',
      ]) {
        expect(await eve.call(event, metadata)).not.toEqual([null]);
      }
      expect(await ada.call('update-room-metadata', metadata)).toEqual([null]);
    },
  ],
  [
    'D16',
    'nobody outside the room can be signalled, nor by "host"',
    async () => {
      const [ada, eve] = [await connectLegacy(node, 'Ada'), await connectLegacy(node, 'Eve')];
      await ada.enter('open-room', sfuExtra('den'));
      for (const target of [ada.socket.id, 'host']) await eve.call('webrtc-signal', { target, offer: 1 });
      await ada.call('sfu-available');
      expect(ada.events.map(([name]) => name)).not.toContain('webrtc-signal');
    },
  ],
  [
    'D17',
    'whoever races for the last slot of a room made over HTTP: one gets it',
    async () => {
      await post('/create', { room_name: 'den', max_players: 2 });
      const rivals = await Promise.all([1, 2, 3, 4, 5].map((name) => connectLegacy(node, String(name))));
      const answers = await Promise.all(rivals.map((rival) => rival.enter('join-room', sfuExtra('den'))));
      expect(answers.filter(([error]) => error === null)).toHaveLength(1);
      expect(await list()).toMatchObject({ den: { current: 2, max: 2 } });
    },
  ],
  [
    'D18',
    'spectators take no slot, and nobody a taken one',
    async () => {
      const [ada, bob, cid] = await Promise.all(
        ['Ada', 'Bob', 'Cid'].map((name) => connectLegacy(node, name)),
      );
      await ada!.enter('open-room', sfuExtra('den'), { maxPlayers: 2 });
      await bob!.enter('join-room', sfuExtra('den', { is_spectator: true }));
      expect(await bob!.call('update-player-slot', { playerSlot: 0 })).toEqual(['slot taken']);
      const [error] = await cid!.enter('join-room', sfuExtra('den'));
      expect(error).toBeNull();
    },
  ],
  [
    'D19',
    'leaving over HTTP frees the place',
    async () => {
      await post('/create', { room_name: 'den', max_players: 2 });
      const bob = { sub: 'bob' };
      for (let round = 0; round < 3; round += 1) {
        expect((await post('/join/den', {}, await node.writeToken(bob))).status).toBe(200);
        await post('/leave/den', {}, await node.writeToken(bob));
      }
      expect(await list()).toMatchObject({ den: { current: 1 } });
    },
  ],
  [
    'D20',
    'an empty room is gone, and its name is free',
    async () => {
      const ada = await connectLegacy(node, 'Ada');
      for (let round = 0; round < 3; round += 1) {
        expect(await ada.enter('open-room', sfuExtra('den'))).toEqual([null]);
        await ada.call('leave-room', {});
        await eventually(async () => (await node.state.rooms.findByName('den')).length === 0);
      }
      expect(node.sfu.rooms).toBe(0);
    },
  ],
  [
    'D21',
    'a room is listed at once, with its game',
    async () => {
      await post('/create', { room_name: 'den', rom_hash: 'abc', netplay_mode: 1 });
      expect(await list()).toMatchObject({ den: { rom_hash: 'abc', url: expect.any(String) } });
    },
  ],
  [
    'D22',
    'nobody is host by saying so, and a password is not tried for ever',
    async () => {
      const ada = await node.connect('Ada');
      await ada.open('den', { password: 'secret' });
      const eve = await node.connect('Eve');
      const codes: string[] = [];
      for (let attempt = 0; attempt < 6; attempt += 1)
        codes.push(await codeOf(eve.join('den', { password: 'x' })));
      expect(codes).toEqual([...Array.from({ length: 5 }, () => 'wrong_password'), 'too_many_attempts']);
      const bob = await connectLegacy(node, 'Bob');
      const told = nextEvent(ada, 'users-updated', ({ users }) => users.length === 2);
      await bob.enter('join-room', sfuExtra('den', { is_host: true }), { password: 'secret' });
      expect((await told).users.filter((user) => user.is_owner)).toMatchObject([{ name: 'Ada' }]);
    },
  ],
  [
    'D23',
    'games are compared whatever the fields are called',
    async () => {
      const [ada, bob] = [await connectLegacy(node, 'Ada'), await connectLegacy(node, 'Bob')];
      await ada.enter('open-room', sfuExtra('den', { netplay_mode: 1, romHash: 'abc', coreId: 'snes9x' }));
      const other = sfuExtra('den', { rom_hash: 'xyz', core_type: 'snes9x' });
      const [error] = await bob.enter('join-room', other);
      expect(error).toMatchObject({ error: 'incompatible_game' });
      const same = sfuExtra('den', { rom_hash: 'ABC', core_type: 'snes9x' });
      expect((await bob.enter('join-room', same))[0]).toBeNull();
    },
  ],
  [
    'D24',
    'a player whose line is dead comes back, however long it was silent',
    async () => {
      const [ada, bob] = [await node.connect('Ada'), await node.connect('Bob')];
      await ada.open('den');
      await bob.join('den');
      await lose(bob, ada);
      const back = await node.connect('Bob', bob.subject);
      expect(await back.join('den')).toMatchObject({ slot: 1 });
    },
  ],
];

const ROBUSTNESS: Check[] = [
  [
    'D25',
    'a packet without its arguments ends nothing',
    async () => {
      const eve = await connectLegacy(node, 'Eve');
      for (const event of [
        'open-room',
        'join-room',
        'sfu-create-transport',
        'sfu-consume',
        'webrtc-signal',
      ]) {
        eve.socket.emit(event);
        eve.socket.emit(event, null, 'not a function');
      }
      expect(await eve.call('sfu-available')).toEqual([{ available: false }]);
    },
  ],
  [
    'D26',
    'what one player does in a room is told to that room only',
    async () => {
      const [ada, eve] = [await connectLegacy(node, 'Ada'), await connectLegacy(node, 'Eve')];
      await ada.enter('open-room', sfuExtra('den'));
      await ada.call('request-room-list', {});
      await eve.call('sfu-available');
      expect(eve.events).toEqual([]);
    },
  ],
  [
    'D27',
    'media requests are refused and keep nothing',
    async () => {
      const ada = await connectLegacy(node, 'Ada');
      await ada.enter('open-room', sfuExtra('den'));
      expect(await ada.call('sfu-produce', { kind: 'video' })).toEqual(['sfu unavailable']);
      ada.close();
      await eventually(() => node.sfu.connections === 0);
    },
  ],
  [
    'D28',
    'there are no debug endpoints',
    async () => {
      for (const path of ['/debug', '/debug/all-producers', '/debug/room-producers']) {
        expect((await request(node.sfu.url).get(path)).status).toBe(404);
      }
    },
  ],
  [
    'D29',
    'every package that is imported is declared',
    async () => {
      const root = fileURLToPath(new URL('..', import.meta.url));
      const { dependencies } = JSON.parse(await readFile(`${root}package.json`, 'utf8')) as {
        dependencies: Record<string, string>;
      };
      const files = (await readdir(`${root}src`, { recursive: true })).filter((file) => file.endsWith('.ts'));
      const sources = await Promise.all(files.map((file) => readFile(`${root}src/${file}`, 'utf8')));
      const imported = sources.flatMap((source) =>
        [...source.matchAll(/from '((?:@[\w-]+\/)?[\w.-]+)[^']*'/g)].map(([, name = '']) => name),
      );
      const packages = new Set(imported.filter((name) => !name.startsWith('.') && !name.startsWith('node')));
      expect([...packages].filter((name) => !(name in dependencies))).toEqual([]);
    },
  ],
];

describe('the incumbent had it wrong', () => {
  it.each([...AUTH, ...ROOMS, ...ROBUSTNESS])('%s: %s', async (_id, _what, check) => check());

  it('every defect has its test', () => {
    const ids = [...AUTH, ...ROOMS, ...ROBUSTNESS].map(([id]) => id);
    expect(ids).toEqual(Array.from({ length: 29 }, (_, index) => `D${String(index + 1)}`));
  });
});
