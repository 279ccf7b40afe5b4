/** Tokens of other instances: P2.5 (issuer and audience), P2.6 (one use), P2.3 (their keys), P3.7, S6. */
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { PinnedKey } from '@romm-netplay/protocol';
import { CLOSE_CODES } from '@romm-netplay/protocol/wire';
import {
  createMemoryState,
  openRedisState,
  type SharedState,
  StateUnavailableError,
} from '@romm-netplay/shared-state';
import { createDisposers, eventually, type RedisServer, startRedisServer } from '@romm-netplay/testing';
import {
  createTokenIssuer,
  generateSigningKey,
  type SigningKey,
  type Subject,
} from '@romm-netplay/token-core';
import { type HomeInstance, register, startHome, type Terms, unregister } from './support/home-instance.js';
import {
  codeOf,
  connectPlayer,
  ISSUER,
  rawSocket,
  startNode,
  type TestNode,
  type TestPlayer,
} from './support/node.js';

const disposers = createDisposers();
afterEach(() => disposers.closeAll());

const home = async (options: Parameters<typeof startHome>[0] = {}): Promise<HomeInstance> =>
  disposers.use(await startHome(options));

async function nodeOver(state: SharedState, nodeId = 'node-a'): Promise<TestNode> {
  return disposers.use(await startNode({ nodeId }, { state }));
}

/** A node that trusts the homes, from the first moment a test sees it. */
async function nodeTrusting(homes: readonly HomeInstance[], terms: Terms = {}) {
  const state = createMemoryState();
  for (const each of homes) await register(state, each, terms);
  return { node: await nodeOver(state), state };
}

const ADA: Subject = { sub: 'ada', netplayUsername: 'Ada' };
const openWith = ({ socket }: TestPlayer, token: string, roomName: string) =>
  codeOf(socket.request('open-room', { room_name: roomName, token }));
const helloWith = async ({ sfu }: TestNode, token: string) => {
  const { call, closed } = await rawSocket(sfu);
  const reply = await call('hello', { token });
  const error = reply['error'] as { code: string; retryable: boolean } | undefined;
  return error === undefined ? 'accepted' : { ...error, closeCode: await closed };
};
const helloCode = async (node: TestNode, token: string) => {
  const outcome = await helloWith(node, token);
  return outcome === 'accepted' ? outcome : outcome.code;
};

describe('a write token of another instance works once (P2.6)', () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await startRedisServer();
  });
  afterAll(() => redis.close());

  /** Waits until the store is sure of this second: not so while it began to remember within it. */
  const remembers = ({ firstUses }: SharedState) =>
    eventually(() => {
      const fromMs = Math.floor(Date.now() / 1000) * 1000;
      return firstUses.claim({ issuer: 'probe', jti: randomUUID(), fromMs, untilMs: fromMs + 2_000 });
    });
  const overRedis = async () => disposers.use(await openRedisState({ url: redis.url }));
  async function threeNodes(): Promise<{ home: HomeInstance; nodes: TestNode[]; state: SharedState }> {
    await redis.restart();
    const theirs = await home();
    const state = await overRedis();
    await remembers(state);
    await register(state, theirs);
    const nodes = [];
    for (const nodeId of ['node-a', 'node-b', 'node-c'])
      nodes.push(await nodeOver(await overRedis(), nodeId));
    // Each has read whom it trusts.
    for (const node of nodes) (await eventually(() => theirs.connect(node))).socket.close();
    return { home: theirs, nodes, state };
  }
  /** Minted by a clock that is ahead as far as it may be: such a store is sure of it at once. */
  const mint = async (theirs: HomeInstance): Promise<string> => {
    const now = () => Date.now() + 5_000;
    const tokens = createTokenIssuer({ issuer: theirs.issuer, signingKey: () => theirs.key, now });
    return (await tokens.issueWriteToken(ADA, ISSUER)).token;
  };

  it('refuses it a second time, at the same node and at another', async () => {
    const { home: theirs, nodes } = await threeNodes();
    const [a, b] = nodes as [TestNode, TestNode];
    const [first, second] = [await theirs.connect(a, 'Ada', ADA), await theirs.connect(b, 'Ada', ADA)];
    const token = await mint(theirs);
    expect(await openWith(first, token, 'den')).toBe('accepted');
    await first.socket.request('leave-room', {});
    expect(await openWith(first, token, 'den')).toBe('token_used');
    expect(await openWith(second, token, 'loft')).toBe('token_used');
    expect(nodes.map(({ sfu }) => sfu.rooms)).toEqual([0, 0, 0]);
  });

  it('lets one of 50 through that race on 3 nodes over one Redis', async () => {
    const { home: theirs, nodes } = await threeNodes();
    const players = await Promise.all(
      Array.from({ length: 50 }, (_, i) => theirs.connect(nodes[i % 3]!, 'Ada', ADA)),
    );
    const token = await mint(theirs);
    const codes = await Promise.all(players.map((player, i) => openWith(player, token, `room-${i}`)));
    expect(codes.filter((code) => code === 'accepted')).toHaveLength(1);
    expect(codes.filter((code) => code === 'token_used')).toHaveLength(49);
    expect(nodes.reduce((sum, { sfu }) => sum + sfu.rooms, 0)).toBe(1);
  });

  it('does not let it through again when Redis was emptied in between', async () => {
    const { home: theirs, nodes, state } = await threeNodes();
    const [a, b] = nodes as [TestNode, TestNode];
    const [first, second] = [await theirs.connect(a, 'Ada', ADA), await theirs.connect(b, 'Ada', ADA)];
    const token = await mint(theirs);
    expect(await openWith(first, token, 'den')).toBe('accepted');
    await redis.restart();
    await remembers(state);
    // The node is over it, and takes what is minted from now on.
    await eventually(async () => (await openWith(second, await mint(theirs), 'new')) === 'accepted');
    await second.socket.request('leave-room', {});
    expect(await openWith(second, token, 'loft')).toBe('unavailable');
  });
});

describe('what another instance signs counts here for guests only (P2.5)', () => {
  it('refuses tokens for another audience, of other kinds, for too long, or used for joining by older rules', async () => {
    const theirs = await home();
    const state = createMemoryState({ now: () => Date.now() - 60_000 });
    await register(state, theirs);
    const accept = { hs256Secret: undefined, sfuType: true, oldMarkers: true, readTokenJoins: true };
    const node = disposers.use(await startNode({ accept }, { state }));
    const other = 'https://c.example';
    expect(await helloCode(node, (await theirs.tokens.issueReadToken(ADA, other)).token)).toBe(
      'token_audience',
    );
    expect(await helloCode(node, (await theirs.tokens.issueWriteToken(ADA, ISSUER)).token)).toBe(
      'token_type',
    );
    const session = { ...ADA, sessionId: 's', role: 'admin' as const };
    expect(await helloCode(node, (await theirs.tokens.issueAccessToken(session)).token)).toBe(
      'token_audience',
    );
    expect(await helloCode(node, await theirs.tokens.issueAssertion(ISSUER))).toBe('token_typ');

    const ada = await theirs.connect(node, 'Ada', ADA);
    const elsewhere = (await theirs.tokens.issueWriteToken(ADA, other)).token;
    expect(await openWith(ada, elsewhere, 'den')).toBe('token_audience');
    // A flag for this instance's own older clients lets nobody else in without a one-time token.
    expect(await openWith(ada, await theirs.readToken(ADA), 'den')).toBe('token_type');
    expect(
      await openWith(await node.connect('Own', { sub: 'own' }), await node.readToken({ sub: 'own' }), 'own'),
    ).toBe('accepted');
    expect(await openWith(ada, await theirs.writeToken({ sub: 'bob' }), 'den')).toBe('token_not_yours');
    expect(await openWith(ada, await node.writeToken(ADA), 'den')).toBe('token_not_yours');
    expect(await openWith(ada, await theirs.writeToken(ADA), 'den')).toBe('accepted');
  });

  it.each(['pending', 'suspended'] as const)('does not know one that is %s', async (trust) => {
    const theirs = await home();
    const { node } = await nodeTrusting([theirs], { state: trust });
    expect(await helloWith(node, await theirs.readToken(ADA))).toMatchObject({
      ...{ code: 'token_issuer_untrusted', retryable: false, closeCode: CLOSE_CODES.unauthorized.code },
    });
    expect(theirs.requests).toBe(0);
  });

  it('knows a new one within a second, and not a removed one', async () => {
    const theirs = await home();
    const state = createMemoryState();
    const node = await nodeOver(state);
    const token = await theirs.readToken(ADA);
    expect(await helloCode(node, token)).toBe('token_issuer_untrusted');
    await register(state, theirs);
    await eventually(async () => (await helloCode(node, token)) === 'accepted', 1_000);
    await unregister(state, theirs);
    await eventually(async () => (await helloCode(node, token)) === 'token_issuer_untrusted', 1_000);
  });
});

describe('two instances with the same key id and the same subject (S6)', () => {
  /** Another key under the same id: the id is the choice of whoever publishes it. */
  async function rivals() {
    const key = await generateSigningKey('ES256');
    const impostor = await generateSigningKey('ES256');
    const twin: SigningKey = {
      ...impostor,
      kid: key.kid,
      publicJwk: { ...impostor.publicJwk, kid: key.kid },
    };
    return [await home({ key }), await home({ key: twin })] as const;
  }

  it('are two: separate players, and neither key verifies the other’s tokens', async () => {
    const [one, two] = await rivals();
    const { node } = await nodeTrusting([one, two]);
    const forged = createTokenIssuer({ issuer: one.issuer, signingKey: () => two.key });
    const [first, second] = [await one.connect(node, 'Ada', ADA), await two.connect(node, 'Ada', ADA)];
    expect(first.socket.hello.player_id).not.toBe(second.socket.hello.player_id);
    expect(await helloCode(node, (await forged.issueReadToken(ADA, ISSUER)).token)).toBe('token_signature');
    expect(await openWith(first, (await two.tokens.issueWriteToken(ADA, ISSUER)).token, 'den')).toBe(
      'token_not_yours',
    );
    const own = createTokenIssuer({ issuer: ISSUER, signingKey: () => two.key });
    expect(await helloCode(node, (await own.issueReadToken(ADA, ISSUER)).token)).toBe('token_key_unknown');
  });

  it('use up tokens of the same id separately', async () => {
    const [one, two] = [await home(), await home()];
    const state = createMemoryState({ now: () => Date.now() - 60_000 });
    for (const each of [one, two]) await register(state, each);
    const node = await nodeOver(state);
    const mint = async ({ issuer, key }: HomeInstance) => {
      const tokens = createTokenIssuer({ issuer, signingKey: () => key, newJti: () => 'ab'.repeat(16) });
      return (await tokens.issueWriteToken(ADA, ISSUER)).token;
    };
    const [first, second] = [await one.connect(node, 'Ada', ADA), await two.connect(node, 'Ada', ADA)];
    expect(await openWith(first, await mint(one), 'den')).toBe('accepted');
    expect(await openWith(second, await mint(two), 'loft')).toBe('accepted');
    expect(await openWith(await one.connect(node, 'Ada', ADA), await mint(one), 'attic')).toBe('token_used');
  });

  it('lose the sockets of their own sessions only (P3.7)', async () => {
    const [one, two] = await rivals();
    const { node, state } = await nodeTrusting([one, two]);
    const subject = { ...ADA, sessionId: 'grant-1' };
    const first = await one.connect(node, 'Ada', subject);
    const second = await two.connect(node, 'Ada', subject);
    const own = await node.connect('Ada', subject);
    await state.revocations.append([`${one.issuer} grant-1`]);
    expect(await first.socket.closed).toMatchObject({ code: CLOSE_CODES.sessionEnded.code, retry: false });
    expect(await helloCode(node, await one.readToken(subject))).toBe('token_revoked');
    expect(await helloCode(node, await two.readToken(subject))).toBe('accepted');
    for (const { socket } of [second, own]) await socket.request('list-rooms', {});
  });
});

describe('the keys of another instance (P2.3)', () => {
  it('are the pinned ones alone, where some are pinned; it is not asked then', async () => {
    const theirs = await home();
    const other = await generateSigningKey('ES256');
    const pinned = (key: SigningKey) => ({ pinned_keys: [key.publicJwk as PinnedKey] });
    const { node, state } = await nodeTrusting([theirs], pinned(other));
    const token = await theirs.readToken(ADA);
    expect(await helloCode(node, token)).toBe('token_key_unknown');
    const tokens = createTokenIssuer({ issuer: theirs.issuer, signingKey: () => other });
    expect(await helloCode(node, (await tokens.issueReadToken(ADA, ISSUER)).token)).toBe('accepted');
    expect(theirs.requests).toBe(0);
    await register(state, theirs, pinned(theirs.key));
    await eventually(async () => (await helloCode(node, token)) === 'accepted', 1_000);
  });

  it('make nobody else wait when they are slow to come', async () => {
    const [slow, quick] = [await home(), await home()];
    slow.hang();
    const { node } = await nodeTrusting([slow, quick]);
    const waiting = Promise.all(Array.from({ length: 10 }, () => helloWithQuietly(node, slow)));
    await eventually(() => slow.requests > 0);
    const startedAt = performance.now();
    await quick.connect(node);
    await (await node.connect('Own')).open('den');
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    for (const outcome of await waiting) {
      expect(outcome).toMatchObject({ code: 'keys_unavailable', retryable: true });
    }
    expect(slow.requests).toBe(1);
  });
  const helloWithQuietly = async (node: TestNode, slow: HomeInstance) =>
    helloWith(node, await slow.readToken(ADA));
});

describe('a registry that cannot be read (P2.4, D9)', () => {
  it('keeps guests waiting and nobody else; what was read once still counts', async () => {
    const theirs = await home();
    const memory = createMemoryState({ now: () => Date.now() - 60_000 });
    await register(memory, theirs);
    let away = true;
    const away503 = () => Promise.reject(new StateUnavailableError());
    const issuers: SharedState['issuers'] = {
      ...memory.issuers,
      version: () => (away ? away503() : memory.issuers.version()),
      list: () => (away ? away503() : memory.issuers.list()),
    };
    const node = await nodeOver({ ...memory, issuers });
    const token = await theirs.readToken(ADA);
    const own = await node.connect('Own');
    await own.open('den', { visibility: 'federated' });
    expect(await helloWith(node, token)).toMatchObject({
      ...{ code: 'unavailable', retryable: true, closeCode: CLOSE_CODES.unavailable.code },
    });
    const headers = { authorization: `Bearer ${token}` };
    expect((await fetch(`${node.sfu.url}/list`, { headers })).status).toBe(503);
    expect((await rawSocket(node.sfu, { headers })).outcome).toBe(503);
    away = false;
    await eventually(async () => (await helloCode(node, token)) === 'accepted');
    away = true;
    const ada = await connectPlayer(node.sfu, ADA, theirs);
    await ada.join('den');
    expect((await node.connect('Own too')).clientId).toBeDefined();
  });
});
