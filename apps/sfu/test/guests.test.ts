/** What guests may do here: P2.4 (permissions, quotas, bans), S6 (names). */
import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import { DEFAULT_QUOTAS, type IssuerPermission, type IssuerQuotas } from '@romm-netplay/protocol';
import { CLOSE_CODES } from '@romm-netplay/protocol/wire';
import type { SharedState } from '@romm-netplay/shared-state';
import { createDisposers, eventually } from '@romm-netplay/testing';
import type { Subject } from '@romm-netplay/token-core';
import { guestName } from '../src/players/player-name.js';
import { type HomeInstance, oldState, register, startHome, type Terms } from './support/home-instance.js';
import { connectLegacy, legacySocket, outcomeOf, sfuExtra } from './support/legacy-player.js';
import { codeOf, nextEvent, rawSocket, startNode, type TestNode, type TestPlayer } from './support/node.js';

const disposers = createDisposers();
afterEach(() => disposers.closeAll());

const home = async (path = ''): Promise<HomeInstance> => disposers.use(await startHome({ path }));
const nodeOver = async (
  state: SharedState,
  config: Parameters<typeof startNode>[0] = {},
): Promise<TestNode> => disposers.use(await startNode(config, { state }));

/** A node and an instance that it knows. */
async function visited(terms: Terms = {}) {
  const [theirs, state] = [await home(), oldState()];
  await register(state, theirs, terms);
  return { theirs, state, node: await nodeOver(state) };
}

const GUS: Subject = { sub: 'gus', netplayUsername: 'Gus' };

interface Visit {
  readonly node: TestNode;
  readonly theirs: HomeInstance;
}

/** An answer over HTTP: `accepted`, or the code of the problem. */
async function http({ node, theirs }: Visit, method: string, path: string, body?: object): Promise<string> {
  const token = await (body === undefined ? theirs.readToken(GUS) : theirs.writeToken(GUS));
  const response = await fetch(`${node.sfu.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  });
  return response.ok ? 'accepted' : ((await response.json()) as { code: string }).code;
}

const overWs = async (
  { node, theirs }: Visit,
  ask: (guest: TestPlayer) => Promise<unknown>,
): Promise<string> => {
  const guest = await theirs.connect(node, 'Gus', GUS);
  const code = await codeOf(ask(guest));
  await codeOf(guest.socket.request('leave-room', {}));
  guest.socket.close();
  return code;
};

async function overSocketIo({ node, theirs }: Visit, event: string, extra: object = {}): Promise<string> {
  const guest = await connectLegacy(node, 'Gus', { subject: GUS, token: await theirs.readToken(GUS) });
  const [answer] = await guest.call(event, {
    extra: sfuExtra('den', { ...extra, token: await theirs.writeToken(GUS) }),
  });
  await guest.call('leave-room', {});
  guest.close();
  return (answer as string | null) ?? 'accepted';
}

describe('permissions (P2.4)', () => {
  const actions: readonly [IssuerPermission, string, (visit: Visit) => Promise<string>][] = [
    ['rooms:list', 'list-rooms', (v) => overWs(v, ({ socket }) => socket.request('list-rooms', {}))],
    ['rooms:list', 'request-room-list', (v) => overSocketIo(v, 'request-room-list')],
    ['rooms:list', 'GET /list', (v) => http(v, 'GET', '/list')],
    ['rooms:list', 'GET /resolve', (v) => http(v, 'GET', '/resolve?room=den')],
    ['rooms:join', 'join-room', (v) => overWs(v, (guest) => guest.join('den'))],
    ['rooms:join', 'join-room of Socket.IO', (v) => overSocketIo(v, 'join-room')],
    ['rooms:join', 'POST /join', (v) => http(v, 'POST', '/join/den', {})],
    ['rooms:create', 'open-room', (v) => overWs(v, (guest) => guest.open('mine'))],
    ['rooms:create', 'open-room of Socket.IO', (v) => overSocketIo(v, 'open-room', { room_name: 'mine' })],
    ['rooms:create', 'POST /create', (v) => http(v, 'POST', '/create', { room_name: 'mine' })],
  ];
  const refused = ['issuer_not_permitted', 'instance not permitted'];

  it.each(['rooms:list', 'rooms:join', 'rooms:create'] as const)(
    '%s alone allows what it says',
    async (permission) => {
      const { node, theirs } = await visited({ permissions: [permission] });
      await (await node.connect('Own')).open('den', { visibility: 'federated' });
      const expected = actions.map(([needed, name]) => [
        name,
        needed === permission ? 'accepted' : 'refused',
      ]);
      const seen = [];
      for (const [, name, act] of actions) {
        const code = await act({ node, theirs });
        seen.push([name, refused.includes(code) ? 'refused' : code]);
      }
      expect(seen).toEqual(expected);
      const needsJoin = overWs({ node, theirs }, (guest) => guest.resume('den', 'x'));
      expect(await needsJoin).toBe(permission === 'rooms:join' ? 'resume_refused' : 'issuer_not_permitted');
    },
  );

  it('to join is asked before anything of a room is told', async () => {
    const { node, theirs } = await visited({ permissions: ['rooms:create'] });
    const own = await node.connect('Own');
    await own.open('den', {
      visibility: 'federated',
      extra: { netplay_mode: 'delay_sync', rom_hash: 'a1', core_type: 'snes9x' },
    });
    const answers = ['den', 'nowhere'].map((room) =>
      overSocketIo({ node, theirs }, 'join-room', { room_name: room }),
    );
    expect(await Promise.all(answers)).toEqual(['instance not permitted', 'instance not permitted']);
  });

  it('none at all: refused at hello, before an upgrade, and by Socket.IO, with whom to ask', async () => {
    const { node, theirs } = await visited({ permissions: [] });
    const token = await theirs.readToken(GUS);
    const { call, closed } = await rawSocket(node.sfu);
    expect(await call('hello', { token })).toMatchObject({
      error: {
        code: 'issuer_not_permitted',
        retryable: false,
        message: expect.stringContaining('administrator'),
      },
    });
    expect(await closed).toBe(CLOSE_CODES.notAdmitted.code);
    expect((await rawSocket(node.sfu, { headers: { authorization: `Bearer ${token}` } })).outcome).toBe(403);
    const socket = legacySocket(node, { auth: { token } });
    expect(await outcomeOf(socket)).toMatchObject({
      ...{ message: 'unauthorized', data: { code: 'issuer_not_permitted', retryable: false } },
    });
    expect(await http({ node, theirs }, 'GET', '/ice')).toBe('issuer_not_permitted');
  });

  it('rooms:create: who opened a room comes back to it, and owns it as anybody does', async () => {
    const { node, theirs } = await visited({ permissions: ['rooms:create'] });
    const [first, again] = [await theirs.connect(node, 'Gus', GUS), await theirs.connect(node, 'Gus', GUS)];
    const { resume_token: ticket } = await first.open('mine', { visibility: 'private' });
    expect((await again.resume('mine', ticket)).room.users[0]).toMatchObject({ is_owner: true });
    await again.socket.request('update-room', { visibility: 'local', locked: true });
  });
});

describe('quotas of an instance (P2.4)', () => {
  const quotas = (changes: Partial<IssuerQuotas>): Terms => ({ quotas: { ...DEFAULT_QUOTAS, ...changes } });

  it('sockets on a node: the next is refused until one is closed; others are not counted', async () => {
    const { node, theirs, state } = await visited(quotas({ sockets: 2 }));
    const other = await home();
    await register(state, other);
    const [first] = [await theirs.connect(node), await theirs.connect(node)];
    const token = await theirs.readToken(GUS);
    const { call, closed } = await rawSocket(node.sfu);
    expect(await call('hello', { token })).toMatchObject({ error: { code: 'guests_full', retryable: true } });
    expect(await closed).toBe(CLOSE_CODES.unavailable.code);
    expect((await rawSocket(node.sfu, { headers: { authorization: `Bearer ${token}` } })).outcome).toBe(429);
    const legacy = legacySocket(node, { auth: { token } });
    expect(await outcomeOf(legacy)).toMatchObject({ data: { code: 'guests_full', retryable: true } });
    await node.connect('Own');
    await eventually(() => other.connect(node));
    first.socket.close();
    await eventually(() => theirs.connect(node));
  });

  it('sockets, though they race', async () => {
    const { node, theirs } = await visited(quotas({ sockets: 3 }));
    const token = await theirs.readToken(GUS);
    const headers = { authorization: `Bearer ${token}` };
    const racing = Array.from({ length: 12 }, (_, i) => rawSocket(node.sfu, i % 2 === 0 ? { headers } : {}));
    const sockets = await Promise.all(racing);
    await Promise.all(sockets.map(({ call }) => call('hello', { token }).catch(() => undefined)));
    await eventually(() => sockets.filter(({ socket }) => socket.readyState === socket.OPEN).length === 3);
  });

  it('rooms on a node, those given to a guest included', async () => {
    const { node, theirs } = await visited(quotas({ rooms: 1 }));
    const [gus, gil] = [await theirs.connect(node, 'Gus'), await theirs.connect(node, 'Gil')];
    await gus.open('one');
    expect(await codeOf(gil.open('two'))).toBe('guests_full');
    const own = await node.connect('Own');
    await own.open('den', { visibility: 'federated' });
    await gil.join('den');
    const { player_id: heir } = gil.socket.hello;
    expect(await codeOf(own.socket.request('transfer-ownership', { player_id: heir }))).toBe('rooms_full');
    await gus.socket.request('leave-room', {});
    await own.socket.request('transfer-ownership', { player_id: heir });
    expect(await codeOf(gus.open('three'))).toBe('guests_full');
  });

  it('entries a minute, on all nodes together; a token that was used counts once', async () => {
    const [theirs, state] = [await home(), oldState()];
    await register(state, theirs, quotas({ entries_per_minute: 2 }));
    const limiters = new Map<string, ReturnType<SharedState['limiter']>>();
    const limiter: SharedState['limiter'] = (rule) => {
      const known = limiters.get(rule.name) ?? state.limiter(rule);
      limiters.set(rule.name, known);
      return known;
    };
    const shared = { ...state, limiter };
    const [a, b] = [
      await nodeOver(shared, { nodeId: 'node-a' }),
      await nodeOver(shared, { nodeId: 'node-b' }),
    ];
    await (await theirs.connect(a)).open('one');
    await (await theirs.connect(b)).open('two');
    const gus = await theirs.connect(b, 'Gus', GUS);
    const token = await gus.writeToken();
    const refusal = await gus.socket
      .request('open-room', { room_name: 'x', token })
      .catch((error: unknown) => error);
    expect(refusal).toMatchObject({
      code: 'guests_full',
      retryable: true,
      message: expect.stringMatching(/try again in \d+ s/),
    });
    const key = createHash('sha256').update(theirs.issuer).digest('base64url').slice(0, 22);
    const forget = () => Promise.all([...limiters.values()].map((each) => each.forget(key)));
    await forget();
    // One token shown over and over takes nothing from the others.
    for (let times = 0; times < 5; times += 1) {
      expect(await codeOf(gus.socket.request('open-room', { room_name: 'x', token }))).toBe('token_used');
    }
    await gus.open('x');
    await (await b.connect('Own')).open('own');
  });
});

describe('banned players (P2.4)', () => {
  it('are refused everywhere, and their names on other instances are not', async () => {
    const { node, theirs, state } = await visited();
    const { player_id: gus } = (await theirs.connect(node, 'Gus', GUS)).socket.hello;
    const second = await home();
    await register(state, second);
    await register(state, theirs, { banned_players: [gus] });
    const hello = async ({ readToken }: HomeInstance, subject: Subject) => {
      const { call, closed } = await rawSocket(node.sfu);
      const reply = (await call('hello', { token: await readToken(subject) })) as {
        error?: { code: string };
      };
      return [reply.error?.code, reply.error && (await closed)];
    };
    await eventually(async () => (await hello(theirs, GUS))[0] === 'banned_here', 1_000);
    expect(await hello(theirs, GUS)).toEqual(['banned_here', CLOSE_CODES.notAdmitted.code]);
    for (const path of ['/list', '/resolve?room=x', '/ice'])
      expect(await http({ node, theirs }, 'GET', path)).toBe('banned_here');
    for (const path of ['/create', '/join/x', '/leave/x'])
      expect(await http({ node, theirs }, 'POST', path, { room_name: 'x' })).toBe('banned_here');
    const legacy = legacySocket(node, { auth: { token: await theirs.readToken(GUS) } });
    expect(await outcomeOf(legacy)).toMatchObject({ data: { code: 'banned_here' } });
    expect(await hello(theirs, { sub: 'gil' })).toEqual([undefined, undefined]);
    expect(await hello(second, GUS)).toEqual([undefined, undefined]);
  });

  it('of a room are banned as the pair of issuer and subject (S6)', async () => {
    const [one, two, state] = [await home(), await home(), oldState()];
    for (const each of [one, two]) await register(state, each);
    const node = await nodeOver(state);
    const own = await node.connect('Own');
    await own.open('den', { visibility: 'federated' });
    const first = await one.connect(node, 'Gus', GUS);
    await first.join('den');
    await own.socket.request('kick-player', { player_id: first.socket.hello.player_id, ban: true });
    expect(await codeOf(first.join('den'))).toBe('banned');
    expect(await codeOf((await two.connect(node, 'Gus', GUS)).join('den'))).toBe('accepted');
    expect(await codeOf((await node.connect('Gus', GUS)).join('den'))).toBe('accepted');
  });
});

describe('how guests are shown (S6)', () => {
  it.each([
    ['Ada', 'https://games.example.org', 'Ada@games.example.org'],
    ['Ada', 'https://games.example.org:8443/romm', 'Ada@games.example.org:8443/romm'],
    ['Ada@games.example.org', 'https://evil.example', 'Ada_games.example.org@evil.example'],
    ['Ada\uFF20games.example.org\uFE6Bx', 'https://evil.example', 'Ada_games.example.org_x@evil.example'],
    ['Ada\u202E\u0000\u200B\n', 'https://evil.example', 'Ada@evil.example'],
    [`Ada${' '.repeat(80)}.`, 'https://evil.example', 'Ada .@evil.example'],
    ['a'.repeat(255), 'https://evil.example', `${'a'.repeat(64)}@evil.example`],
    ['😀'.repeat(70), 'https://evil.example', `${'😀'.repeat(64)}@evil.example`],
    ['   ', 'https://evil.example', 'Player@evil.example'],
    ['', 'https://evil.example', 'Player@evil.example'],
  ])('%j of %s is %s', (name, issuer, shown) => {
    expect(guestName(name, issuer)).toBe(shown);
  });

  it('in rooms, chat and Socket.IO, beside players of this instance whose names look like that', async () => {
    const { node, theirs } = await visited();
    const { host } = new URL(theirs.issuer);
    const own = await node.connect('Own', { sub: 'own', netplayUsername: `Gus@${host}` });
    const legacy = await connectLegacy(node, 'Lea');
    await own.open('den', { visibility: 'federated' });
    await legacy.enter('join-room', sfuExtra('den'));
    const gus = await theirs.connect(node, 'Gus', GUS);
    expect(gus.socket.hello.name).toBe(`Gus@${host}`);
    const { room } = await gus.join('den');
    expect(room.users.map(({ name, instance }) => [name, instance])).toEqual([
      [`Gus_${host}`, null],
      ['Lea', null],
      [`Gus@${host}`, theirs.issuer],
    ]);
    const said = nextEvent(own, 'chat-message');
    await gus.socket.request('chat-message', { message: 'hi' });
    expect(await said).toMatchObject({ name: `Gus@${host}`, player_id: gus.socket.hello.player_id });
    const [users] = await legacy.heard('users-updated', (seen: object) => Object.keys(seen).length === 3);
    expect(
      Object.values(users as Record<string, { netplay_username: string }>).map(
        (user) => user.netplay_username,
      ),
    ).toEqual(room.users.map(({ name }) => name));
  });
});
