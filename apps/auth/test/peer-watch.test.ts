import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createPeers, type Peers } from '@romm-netplay/peers';
import { DEFAULT_QUOTAS, type IssuerDraft, type SharedRooms } from '@romm-netplay/protocol';
import { createDisposers, eventually } from '@romm-netplay/testing';
import { startWatchingPeers, type PeerWatch } from '../src/federation/discovery/watch-peers.js';

/** Another instance as the watch meets it: it answers what the test says, and what was asked is kept. */
async function startPeer(answer: RequestListener) {
  const asked: { path: string | undefined; authorization: string | undefined; etag: string | undefined }[] =
    [];
  const answering = { listener: answer };
  const server = createServer((request, response) => {
    const { authorization, 'if-none-match': etag } = request.headers;
    asked.push({ path: request.url, authorization, etag });
    answering.listener(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  disposers.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { issuer, asked, answering };
}

const sharedBy = (issuer: string, names: readonly string[] = ['friday-night']): SharedRooms => ({
  issuer,
  permissions: ['rooms:list', 'rooms:join'],
  nodes: ['http://127.0.0.1:3001'],
  rooms: names.map((name) => ({
    room_name: name,
    current: 1,
    max: 4,
    hasPassword: false,
    url: 'http://127.0.0.1:3001',
  })),
});
const json =
  (body: unknown, headers: Record<string, string> = {}, status = 200): RequestListener =>
  (_request, response) =>
    void response
      .writeHead(status, { 'content-type': 'application/json', ...headers })
      .end(JSON.stringify(body));

const recordOf = (issuer: string, change: Partial<IssuerDraft> = {}): IssuerDraft => ({
  issuer,
  label: 'Bea',
  state: 'active',
  permissions: [],
  allow_http: true,
  allow_private_addresses: true,
  pinned_keys: [],
  ca_certificate: null,
  certificate_sha256: null,
  subject: 'pairwise',
  players_may_visit: true,
  quotas: DEFAULT_QUOTAS,
  banned_players: [],
  created_at: '2026-01-01T00:00:00.000Z',
  updated_at: '2026-01-01T00:00:00.000Z',
  ...change,
});

const disposers = createDisposers();
let nowMs: number;
let records: IssuerDraft[];
let version: number;
let peers: Peers;
let watch: PeerWatch;
let failures: { issuer: string; error: unknown }[];
let mended: string[];

beforeEach(() => {
  nowMs = 1_800_000_000_000;
  records = [];
  version = 1;
  failures = [];
  mended = [];
  const list = () => ({ version, issuers: records.map((record) => ({ ...record, version })) });
  peers = disposers.use(
    createPeers({
      registry: { version: () => Promise.resolve(version), list: () => Promise.resolve(list()) },
      onError: () => undefined,
      now: () => nowMs,
      pollMs: 10,
    }),
  );
  watch = disposers.use(
    startWatchingPeers({
      peers,
      issueAssertion: (issuer) => Promise.resolve(`assertion-for-${issuer}`),
      now: () => nowMs,
      random: () => 0.5,
      tickMs: 5,
      onError: (error, issuer) => failures.push({ issuer, error }),
      onMended: (issuer) => mended.push(issuer),
    }),
  );
});
afterEach(() => disposers.closeAll());

async function register(...changed: IssuerDraft[]): Promise<void> {
  records = changed;
  version += 1;
  await peers.refresh();
}
const only = () => watch.known()[0]!;
const inState = (state: string) => eventually(() => only().instance.state === state);

describe('a clock that was hours ahead', () => {
  it('keeps nobody waiting for hours when it is put right', async () => {
    nowMs += 5 * 3_600_000;
    const peer = await startPeer((_request, response) => json(sharedBy(peer.issuer))(_request, response));
    await register(recordOf(peer.issuer));
    await inState('fresh');
    const before = peer.asked.length;
    nowMs -= 5 * 3_600_000;
    expect(only().instance).toMatchObject({ state: 'fresh', age_ms: 0 });
    nowMs += 31_000;
    await eventually(() => peer.asked.length > before);
  });
});

describe('what other instances tell of their rooms (P2.8)', () => {
  it('is asked for with an assertion for that instance, and again only for what has changed', async () => {
    const peer = await startPeer(() => undefined);
    const body = sharedBy(peer.issuer);
    peer.answering.listener = (request, response) =>
      request.headers['if-none-match'] === '"1"'
        ? void response.writeHead(304).end()
        : json(body, { etag: '"1"' })(request, response);
    await register(recordOf(peer.issuer));
    await inState('fresh');
    expect(only()).toMatchObject({
      shared: { rooms: [{ room_name: 'friday-night' }] },
      instance: { may_join: true, age_ms: 0, nodes: ['http://127.0.0.1:3001'] },
    });
    nowMs += 6_001;
    await eventually(() => peer.asked.length === 2);
    await eventually(() => only().instance.age_ms === 0);
    expect(peer.asked).toEqual([
      {
        path: '/api/federation/shared-rooms',
        authorization: `Bearer assertion-for-${peer.issuer}`,
        etag: undefined,
      },
      {
        path: '/api/federation/shared-rooms',
        authorization: `Bearer assertion-for-${peer.issuer}`,
        etag: '"1"',
      },
    ]);
    expect(only().shared?.rooms).toHaveLength(1);
  });

  it('is asked for anew, and not shown meanwhile, when its nodes may be elsewhere than before', async () => {
    const peer = await startPeer(() => undefined);
    const body = sharedBy(peer.issuer);
    peer.answering.listener = (request, response) =>
      request.headers['if-none-match'] === '"1"'
        ? void response.writeHead(304).end()
        : json(body, { etag: '"1"' })(request, response);
    await register(recordOf(peer.issuer));
    await inState('fresh');
    await register(recordOf(peer.issuer, { label: 'Other', allow_private_addresses: false }));
    expect(only()).toMatchObject({ shared: undefined, instance: { nodes: [] } });
    await eventually(() => failures.length === 1);
    await register(recordOf(peer.issuer));
    nowMs += 20_000;
    await inState('fresh');
    expect(peer.asked.map(({ etag }) => etag)).toEqual([undefined, undefined]);
    expect(only().shared?.rooms).toHaveLength(1);
  });

  it('grows stale and is dropped while an instance is silent, which is asked less and less often', async () => {
    const peer = await startPeer(() => undefined);
    peer.answering.listener = json(sharedBy(peer.issuer));
    await register(recordOf(peer.issuer));
    await inState('fresh');
    peer.answering.listener = (request) => void request.socket.destroy();
    let failed = 0;
    const waits: number[] = [];
    for (let waited = 0; waited < 200_000; waited += 1_000) {
      nowMs += 1_000;
      await new Promise((resolve) => setTimeout(resolve, 8));
      const now = peer.asked.length;
      if (now > failed + 1) waits.push(waited);
      failed = now - 1;
      watch.known();
    }
    expect(only().instance.state).toBe('unreachable');
    expect(only().shared).toBeUndefined();
    // 5 + 10 + 20 + 40 + 80 s, and the next would be after 160.
    expect(waits.length).toBeLessThanOrEqual(6);
    expect(failures).toHaveLength(1);
    expect(mended).toEqual([]);
    peer.answering.listener = json(sharedBy(peer.issuer));
    nowMs += 300_000;
    await inState('fresh');
    expect(mended).toEqual([peer.issuer]);
  });

  it.each<[string, (issuer: string) => RequestListener, string]>([
    ['garbage', () => (_, response) => void response.end('<html>'), 'unreachable'],
    ['another shape', (issuer) => json({ ...sharedBy(issuer), rooms: 'all' }), 'unreachable'],
    ['the list of another instance', () => json(sharedBy('https://c.example.org')), 'unreachable'],
    [
      '201 rooms',
      (issuer) =>
        json(
          sharedBy(
            issuer,
            Array.from({ length: 201 }, (_, i) => `room ${i}`),
          ),
        ),
      'unreachable',
    ],
    ['an error', () => json({ code: 'internal' }, {}, 500), 'unreachable'],
    [
      'a redirect',
      () => (_, response) => void response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
      'unreachable',
    ],
    ['304 to a first question', () => (_, response) => void response.writeHead(304).end(), 'unreachable'],
    ['a refusal', () => json({ code: 'peer_not_active' }, {}, 403), 'refused'],
    ['100 MB', () => endless, 'unreachable'],
  ])('is nothing when it is %s', async (_what, answer, state) => {
    const peer = await startPeer(() => undefined);
    peer.answering.listener = answer(peer.issuer);
    await register(recordOf(peer.issuer));
    await eventually(() => failures.length === 1);
    expect(only().instance).toMatchObject({ state, nodes: [], may_join: false });
    expect(only().shared).toBeUndefined();
    expect(JSON.stringify(failures)).not.toContain('assertion-for');
  });

  it('is what this version understands of it: what does not fit hides nothing else', async () => {
    const peer = await startPeer(() => undefined);
    const body = sharedBy(peer.issuer, ['friday-night', '\u200b\u3164', 'saturday']);
    const { [2]: last, ...others } = body.rooms;
    const rooms = [...Object.values(others), { ...last, locked: 'perhaps' }, 'a room of the future', null];
    const permissions = [...body.permissions, 'rooms:watch'];
    peer.answering.listener = json({ ...body, rooms, permissions, nodes: [...body.nodes, 7], more: true });
    await register(recordOf(peer.issuer));
    await inState('fresh');
    expect(only().shared).toMatchObject({
      permissions: body.permissions,
      nodes: body.nodes,
      rooms: [{ room_name: 'friday-night' }],
    });
  });

  it('is forgotten at once when the instance turns us away, is suspended or removed', async () => {
    const peer = await startPeer(() => undefined);
    peer.answering.listener = json(sharedBy(peer.issuer));
    await register(recordOf(peer.issuer));
    await inState('fresh');
    peer.answering.listener = json({}, {}, 403);
    nowMs += 6_001;
    await inState('refused');
    expect(only().shared).toBeUndefined();
    await register(recordOf(peer.issuer, { state: 'suspended' }));
    expect(watch.known()).toEqual([]);
  });

  it('leads nowhere that this instance could not vouch for', async () => {
    const peer = await startPeer(() => undefined);
    const body = sharedBy(peer.issuer);
    const rooms = ['http://127.0.0.1:3001', 'http://127.0.0.1:9999', 'http://169.254.169.254'].map(
      (url, i) => ({
        ...body.rooms[0]!,
        room_name: `room ${i}`,
        url,
      }),
    );
    peer.answering.listener = json({ ...body, nodes: [...body.nodes, 'http://169.254.169.254'], rooms });
    await register(recordOf(peer.issuer));
    await inState('fresh');
    expect(only().instance.nodes).toEqual(['http://127.0.0.1:3001']);
    expect(only().shared?.rooms.map(({ room_name: name }) => name)).toEqual(['room 0']);
  });

  it('is asked for less while nobody looks, and at once when somebody does again', async () => {
    const peer = await startPeer(() => undefined);
    peer.answering.listener = json(sharedBy(peer.issuer));
    await register(recordOf(peer.issuer));
    await eventually(() => peer.asked.length === 1);
    nowMs += 61_000;
    await eventually(() => peer.asked.length === 2);
    nowMs += 20_000;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(peer.asked).toHaveLength(2);
    watch.known();
    await eventually(() => peer.asked.length === 3);
  });

  it('comes from each instance in its own time: silent ones hold up nobody, and no more than 16 are asked at once', async () => {
    const healthy = await startPeer(() => undefined);
    healthy.answering.listener = json(sharedBy(healthy.issuer));
    const silent = await Promise.all(Array.from({ length: 30 }, () => startPeer(() => undefined)));
    await register(...silent.map(({ issuer }) => recordOf(issuer)));
    await eventually(() => silent.filter(({ asked }) => asked.length > 0).length === 16);
    await register(...records, recordOf(healthy.issuer));
    await eventually(() => silent.every(({ asked }) => asked.length > 0) && healthy.asked.length > 0, 20_000);
    await eventually(() => watch.known().some(({ instance: { state } }) => state === 'fresh'));
  });
});

/** Sends until it is cut off. */
const endless: RequestListener = (_request, response) => {
  const chunk = Buffer.alloc(64 * 1024, 0x20);
  response.writeHead(200, { 'content-type': 'application/json' });
  const send = (): void => {
    while (!response.destroyed && response.write(chunk)) void 0;
  };
  response.on('drain', send);
  send();
};
