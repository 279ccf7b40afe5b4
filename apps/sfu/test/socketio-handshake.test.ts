import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually } from '@romm-netplay/testing';
import { connectLegacy, legacySocket, outcomeOf, sfuExtra, stockExtra } from './support/legacy-player.js';
import { startNode, type TestNode } from './support/node.js';

const ADA = { sub: 'ada', netplayUsername: 'Ada' };

let node: TestNode;
afterEach(() => node.close());

type Options = Parameters<typeof legacySocket>[1];

async function outcome(options: Options): Promise<Error | null> {
  const socket = legacySocket(node, options);
  try {
    return await outcomeOf(socket);
  } finally {
    socket.disconnect();
  }
}

describe('the token of a Socket.IO connection (P1.8)', () => {
  it.each<[string, (token: string) => Options]>([
    ['auth.token', (token) => ({ auth: { token } })],
    ['the cookie romm_sfu_token', (token) => ({ extraHeaders: { cookie: `romm_sfu_token=${token}` } })],
    ['the cookie sfu_token', (token) => ({ extraHeaders: { cookie: `sfu_token=${token}` } })],
    ['a bearer', (token) => ({ extraHeaders: { authorization: `Bearer ${token}` } })],
  ])('is taken from %s, on both transports', async (_where, options) => {
    node = await startNode();
    const token = await node.readToken(ADA);
    expect(await outcome(options(token))).toBeNull();
    expect(await outcome({ ...options(token), transports: ['polling'] })).toBeNull();
    await eventually(() => node.sfu.connections === 0);
  });

  it('is taken from the query only with the flag (D7)', async () => {
    node = await startNode();
    const query = async () => ({ query: { token: await node.readToken(ADA) } });
    expect(await outcome(await query())).toMatchObject({ message: 'unauthorized' });
    await node.close();
    node = await startNode({ allowQueryToken: true });
    expect(await outcome(await query())).toBeNull();
  });

  it.each([
    ['no token', {}, 'token_missing'],
    ['garbage', { auth: { token: 'garbage' } }, 'token_malformed'],
    ['an object for a token', { auth: { token: {} } }, 'token_missing'],
    ['a token of another shape', { auth: { token: ['x'], __proto__: { token: 'x' } } }, 'token_missing'],
  ])('refuses %s with "unauthorized"', async (_what, options, code) => {
    node = await startNode();
    expect(await outcome(options)).toMatchObject({ message: 'unauthorized', data: { code } });
  });

  it('says "auth unavailable" when nobody can tell (D9)', async () => {
    node = await startNode(
      { redisUrl: undefined, authBaseUrl: 'http://127.0.0.1:1' },
      { keys: undefined as never },
    );
    expect(await outcome({ auth: { token: await node.readToken(ADA) } })).toMatchObject({
      message: 'auth unavailable',
      data: { code: 'keys_unavailable', retryable: true },
    });
  });
});

describe('write tokens (P1.9, P1.12, D1)', () => {
  it('are needed to open and join; the read token of the connection is none', async () => {
    node = await startNode();
    const ada = await connectLegacy(node, 'Ada');
    expect(await ada.call('open-room', { extra: sfuExtra('den') })).toEqual(['unauthorized']);
    expect(await ada.call('open-room', { extra: stockExtra('den', 's1') })).toEqual(['unauthorized']);
    expect(node.sfu.rooms).toBe(0);
    const token = await node.writeToken(ada.subject);
    expect(await ada.call('open-room', { extra: sfuExtra('den'), token })).toEqual([null]);
    await ada.call('leave-room', {});
    expect(await ada.call('open-room', { extra: sfuExtra('den'), token })).toEqual(['unauthorized']);
  });

  it('prove who somebody is at the handshake and open one room', async () => {
    node = await startNode();
    const ada = await connectLegacy(node, 'Ada', { subject: ADA, token: await node.writeToken(ADA) });
    expect(await ada.call('open-room', { extra: sfuExtra('den') })).toEqual([null]);
    await ada.call('leave-room', { roomName: 'den' });
    expect(await ada.call('open-room', { extra: sfuExtra('den') })).toEqual(['unauthorized']);
    const bob = await connectLegacy(node, 'Bob');
    const notBobs = await node.writeToken(ADA);
    expect(await bob.call('open-room', { extra: sfuExtra('x'), token: notBobs })).toEqual(['unauthorized']);
  });

  it('may be replaced by the read token of the connection while clients are being moved', async () => {
    const accept = { hs256Secret: undefined, sfuType: false, oldMarkers: false, readTokenJoins: true };
    node = await startNode({ accept });
    const [ada, bob] = [await connectLegacy(node, 'Ada'), await connectLegacy(node, 'Bob')];
    expect(await ada.call('open-room', { extra: sfuExtra('den') })).toEqual([null]);
    expect(await bob.call('join-room', { extra: sfuExtra('den') })).toMatchObject([
      null,
      { room_phase: 'running' },
    ]);
  });
});

describe('the same bounds as for /ws (R3, P3.7)', () => {
  it('lets in pages of the node and of ALLOWED_ORIGINS, and no others', async () => {
    node = await startNode({ allowedOrigins: ['https://games.example.org'] });
    const token = await node.readToken(ADA);
    const from = (origin: string) => outcome({ auth: { token }, extraHeaders: { origin } });
    expect(await from('https://games.example.org')).toBeNull();
    expect(await from(node.sfu.url)).toBeNull();
    expect(await from('https://evil.example.org')).not.toBeNull();
    const poll = (origin: string) =>
      fetch(`${node.sfu.url}/socket.io/?EIO=4&transport=polling`, { headers: { origin } });
    const [own, evil] = [await poll('https://games.example.org'), await poll('https://evil.example.org')];
    expect(own.headers.get('access-control-allow-origin')).toBe('https://games.example.org');
    expect(own.headers.get('set-cookie')).toBeNull();
    expect([evil.status, evil.headers.get('access-control-allow-origin')]).toEqual([403, null]);
  });

  it('counts both kinds of sockets of an address together', async () => {
    node = await startNode({ maxSocketsPerAddress: 2 });
    const bob = await node.connect('Bob');
    const token = await node.readToken(ADA);
    const ada = await connectLegacy(node, 'Ada', { token });
    expect(await outcome({ auth: { token } })).not.toBeNull();
    expect(await outcome({ auth: { token }, transports: ['polling'] })).not.toBeNull();
    await expect(node.connect('Cid')).rejects.toThrow();
    ada.close();
    await eventually(() => node.sfu.connections === 1);
    expect(await outcome({ auth: { token } })).toBeNull();
    bob.socket.close();
  });

  it('closes the connection when the signed-in session ends, and frees the place', async () => {
    node = await startNode();
    const subject = { ...ADA, sessionId: 'session-1' };
    const [ada, bob] = [await connectLegacy(node, 'Ada', { subject }), await node.connect('Bob')];
    await ada.enter('open-room', sfuExtra('den'));
    await bob.join('den');
    await node.revoke('session-1');
    expect(await ada.heard('netplay-closed')).toMatchObject([
      { name: 'sessionEnded', code: 4403, retry: false },
    ]);
    await eventually(() => !ada.socket.connected);
    expect(await outcome({ auth: { token: await node.readToken(subject) } })).toMatchObject({
      data: { code: 'token_revoked' },
    });
    expect((await bob.socket.request('update-player-slot', { slot: 0 })).slot).toBe(0);
  });

  it('answers below /netplay/ as well, for proxies that keep the prefix', async () => {
    node = await startNode();
    const auth = { token: await node.readToken(ADA) };
    expect(await outcome({ auth, path: '/netplay/socket.io/' })).toBeNull();
    expect(await outcome({ auth, path: '/netplay/socket.io/', transports: ['polling'] })).toBeNull();
  });

  it('says farewell when the node goes away', async () => {
    node = await startNode();
    const ada = await connectLegacy(node, 'Ada');
    const polling = await connectLegacy(node, 'Bob', { transports: ['polling'] });
    await node.sfu.close();
    expect(await ada.heard('netplay-closed')).toMatchObject([{ name: 'goingAway', retry: true }]);
    await eventually(() => !polling.socket.connected);
  });
});

describe('places (R4, S5, D24)', () => {
  it('are kept for the grace time and taken back by joining again', async () => {
    node = await startNode();
    const [ada, bob] = [await connectLegacy(node, 'Ada'), await connectLegacy(node, 'Bob')];
    await ada.enter('open-room', sfuExtra('den'), { maxPlayers: 2 });
    await bob.enter('join-room', sfuExtra('den'));
    bob.socket.io.engine.close();
    await ada.heard('users-updated', (users: object) =>
      Object.values(users).some(({ reconnecting }) => reconnecting),
    );
    const cid = await connectLegacy(node, 'Cid');
    expect(await cid.enter('join-room', sfuExtra('den'))).toEqual(['room full']);
    const back = await connectLegacy(node, 'Bob', { subject: bob.subject });
    const [error, state] = await back.enter('join-room', sfuExtra('den'));
    expect(error).toBeNull();
    expect(Object.values((state as { users: object }).users)).toMatchObject([
      { player_slot: 0 },
      { player_slot: 1 },
    ]);
  });

  it('are taken over from a live connection, or not, by the policy', async () => {
    node = await startNode();
    const ada = await connectLegacy(node, 'Ada');
    await ada.enter('open-room', sfuExtra('den'));
    const again = await connectLegacy(node, 'Ada', { subject: ada.subject });
    expect(await again.enter('join-room', sfuExtra('den'))).toMatchObject([null, {}]);
    expect(await ada.heard('netplay-closed')).toMatchObject([{ name: 'takenOver', retry: false }]);
    await node.close();
    node = await startNode({ allowTakeover: false });
    const first = await connectLegacy(node, 'Ada');
    await first.enter('open-room', sfuExtra('den'));
    const second = await connectLegacy(node, 'Ada', { subject: first.subject });
    expect(await second.enter('join-room', sfuExtra('den'))).toEqual(['userid in use']);
  });

  it('are free at once when a stock client disconnects, which is how those leave', async () => {
    node = await startNode();
    const ada = await connectLegacy(node, 'Ada');
    await ada.enter('open-room', stockExtra('den', 's1'));
    ada.close();
    await eventually(() => node.sfu.rooms === 0);
  });
});
