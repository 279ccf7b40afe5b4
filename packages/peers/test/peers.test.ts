/** Other instances as one process knows them: P2.3 (their keys), P2.4 (the registry), P2.11 (how they are called). */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createPeers, type Peers, type PeersOptions } from '@romm-netplay/peers';
import { DEFAULT_QUOTAS, type PinnedKey, type RegisteredIssuer } from '@romm-netplay/protocol';
import { createMemoryState, type PublishedIssuers, StateUnavailableError } from '@romm-netplay/shared-state';
import { createDisposers, eventually } from '@romm-netplay/testing';
import { generateSigningKey, type SigningKey } from '@romm-netplay/token-core';

const disposers = createDisposers();
afterEach(() => disposers.closeAll());

/** An instance that publishes keys, and counts who connects and asks. */
async function startInstance() {
  const key = await generateSigningKey('ES256');
  const keys: SigningKey[] = [key];
  const seen = { requests: 0, connections: 0 };
  const server = createServer((request, response) => {
    seen.requests += 1;
    const body = request.url === '/.well-known/jwks.json' ? { keys: keys.map((each) => each.publicJwk) } : {};
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  server.on('connection', () => (seen.connections += 1));
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  disposers.defer(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return { issuer: `http://127.0.0.1:${port}`, port, key, keys, seen };
}

type Terms = Partial<Omit<RegisteredIssuer, 'issuer' | 'version'>>;

const recordOf = (issuer: string, version: number, terms: Terms = {}): RegisteredIssuer => ({
  ...{ issuer, version, label: 'Other', state: 'active', permissions: ['rooms:join'] },
  ...{ pinned_keys: [], ca_certificate: null, certificate_sha256: null, banned_players: [] },
  ...{ allow_http: true, allow_private_addresses: true, quotas: DEFAULT_QUOTAS },
  ...{ subject: 'pairwise', players_may_visit: true },
  ...{ created_at: '2026-01-01T00:00:00.000Z', updated_at: '2026-01-01T00:00:00.000Z' },
  ...terms,
});

const POLL_MS = 20;

/** A registry and what follows it. */
function follow(options: Partial<PeersOptions> = {}) {
  const registry: PublishedIssuers = createMemoryState().issuers;
  const errors: unknown[] = [];
  const changes: [string, string | undefined][] = [];
  const peers = disposers.use(
    createPeers({
      ...{ registry, pollMs: POLL_MS, onError: (error) => errors.push(error) },
      onChanged: (issuer, now) => changes.push([issuer, now?.label]),
      ...options,
    }),
  );
  let version = 0;
  const held = new Map<string, RegisteredIssuer>();
  return {
    ...{ peers, errors, changes },
    async put(issuer: string, terms: Terms = {}) {
      held.set(issuer, recordOf(issuer, (version += 1), terms));
      await registry.publish({ version, issuers: [...held.values()] });
      await peers.refresh();
    },
    async remove(issuer: string) {
      held.delete(issuer);
      await registry.publish({ version: (version += 1), issuers: [...held.values()] });
      await peers.refresh();
    },
  };
}

const find = async (peers: Peers, issuer: string, { kid }: { kid: string }) =>
  (await peers.trusted(issuer)?.find(kid))?.kid;
const codeOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => 'answered',
    (error: unknown) => (error as { code?: unknown }).code,
  );

describe('connections and keys', () => {
  it('stay while what changes is not about them', async () => {
    const { issuer, key, seen } = await startInstance();
    const { peers, put } = follow();
    await put(issuer);
    const before = peers.trusted(issuer);
    expect(await find(peers, issuer, key)).toBe(key.kid);
    await put(issuer, { label: 'Renamed', permissions: [], banned_players: ['a'.repeat(22)] });
    expect(peers.trusted(issuer)).toBe(before);
    expect(await find(peers, issuer, key)).toBe(key.kid);
    for (let i = 0; i < 3; i += 1) await (await peers.fetchFor(issuer)(`${issuer}/x`)).text();
    expect(seen.requests).toBe(4);
    expect(seen.connections).toBeLessThan(4);
  });

  it('end when it is reached in another way, has other pins, or is removed', async () => {
    const { issuer, key, seen } = await startInstance();
    const { peers, put, remove } = follow();
    await put(issuer);
    await find(peers, issuer, key);
    const [keys, call] = [peers.trusted(issuer), peers.fetchFor(issuer)];
    await put(issuer, { allow_private_addresses: false });
    expect(peers.trusted(issuer)).not.toBe(keys);
    expect(await codeOf(call(`${issuer}/x`))).toBe('closed');
    expect(await codeOf(find(peers, issuer, key))).toBe('keys_unavailable');
    await put(issuer, { pinned_keys: [key.publicJwk as PinnedKey], allow_private_addresses: false });
    expect(await find(peers, issuer, key)).toBe(key.kid);
    const pinned = peers.fetchFor(issuer);
    await remove(issuer);
    expect([peers.get(issuer), peers.trusted(issuer)]).toEqual([undefined, undefined]);
    expect(await codeOf(pinned(`${issuer}/x`))).toBe('closed');
    expect(() => peers.fetchFor(issuer)).toThrow(TypeError);
    expect(seen.requests).toBe(1);
  });

  it('are not opened for what nobody asks for', async () => {
    const { issuer, seen } = await startInstance();
    const { peers, put } = follow();
    await put(issuer);
    peers.all();
    peers.trusted(issuer);
    expect(seen).toEqual({ requests: 0, connections: 0 });
  });

  it('end with the process', async () => {
    const { issuer } = await startInstance();
    const { peers, put } = follow();
    await put(issuer);
    const call = peers.fetchFor(issuer);
    await peers.close();
    expect(await codeOf(call(issuer))).toBe('closed');
  });
});

describe('trust', () => {
  it('is for active issuers alone, from the moment the registry says so', async () => {
    const { issuer, key } = await startInstance();
    const { peers, put, changes } = follow();
    for (const [state, expected] of [
      ['pending', undefined],
      ['active', key.kid],
      ['suspended', undefined],
      ['active', key.kid],
    ] as const) {
      await put(issuer, { state, label: state });
      expect([state, await find(peers, issuer, key)]).toEqual([state, expected]);
      expect(peers.get(issuer)?.state).toBe(state);
    }
    expect(changes.map(([, label]) => label)).toEqual(['pending', 'active', 'suspended', 'active']);
    expect(peers.trusted('https://nobody.example')).toBeUndefined();
  });

  it('is in nobody until the registry was read, which is not the same as an empty one', async () => {
    const memory = createMemoryState().issuers;
    let away = true;
    const registry = {
      version: () => (away ? Promise.reject(new StateUnavailableError()) : memory.version()),
      list: () => memory.list(),
    };
    const { peers, errors } = follow({ registry });
    await peers.refresh();
    for (const ask of [() => peers.get('x'), () => peers.all(), () => peers.trusted('x')]) {
      expect(ask).toThrow(StateUnavailableError);
    }
    expect(errors).toHaveLength(1);
    away = false;
    await eventually(() => peers.all().length === 0);
    expect(peers.trusted('x')).toBeUndefined();
  });

  it('is by issuer and key id: one never answers for the other', async () => {
    const [one, two] = [await startInstance(), await startInstance()];
    const { peers, put } = follow();
    for (const { issuer } of [one, two]) await put(issuer);
    expect(await find(peers, one.issuer, one.key)).toBe(one.key.kid);
    expect(await find(peers, two.issuer, one.key)).toBeUndefined();
    expect(await find(peers, two.issuer, two.key)).toBe(two.key.kid);
  });
});

describe('how they are called (P2.11)', () => {
  it.each<[string, Terms, string]>([
    ['http without leave', { allow_http: false }, 'scheme_refused'],
    ['an address of this machine without leave', { allow_private_addresses: false }, 'address_refused'],
    ['http with a pinned certificate', { certificate_sha256: 'ab'.repeat(32) }, 'scheme_refused'],
  ])('%s is refused', async (_what, terms, code) => {
    const { issuer, key, seen } = await startInstance();
    const { peers, put, errors } = follow();
    await put(issuer, terms);
    expect(await codeOf(peers.fetchFor(issuer)(issuer))).toBe(code);
    expect(await codeOf(find(peers, issuer, key))).toBe('keys_unavailable');
    expect(errors).toMatchObject([{ code }]);
    expect(seen.connections).toBe(0);
  });

  it('a name that leads to a private address, and what is allowed for another', async () => {
    const { port, seen } = await startInstance();
    const { peers, put } = follow({ resolve: () => Promise.resolve(['127.0.0.1']) });
    const [strict, lax] = [`http://strict.example:${port}`, `http://lax.example:${port}`];
    await put(strict, { allow_private_addresses: false });
    await put(lax);
    expect(await codeOf(peers.fetchFor(strict)(strict))).toBe('address_refused');
    expect(await codeOf(peers.fetchFor(lax)(lax))).toBe('answered');
    expect(seen.requests).toBe(1);
  });
});

describe('a flood of unknown key ids (P2.3)', () => {
  it('at one instance costs it one request, and another none of its own', async () => {
    const [flooded, other] = [await startInstance(), await startInstance()];
    let nowMs = Date.now();
    const { peers, put } = follow({ now: () => nowMs });
    for (const { issuer } of [flooded, other]) await put(issuer);
    for (const { issuer, key } of [flooded, other]) await find(peers, issuer, key);
    // The keys have been there for a while, so that a new one would be asked for at once.
    nowMs += 60_000;
    await Promise.all(
      Array.from({ length: 200 }, (_, i) => find(peers, flooded.issuer, { kid: `forged-${i}` })),
    );
    for (let i = 0; i < 50; i += 1) await find(peers, flooded.issuer, { kid: `again-${i}` });
    expect(flooded.seen.requests).toBe(2);
    expect(other.seen.requests).toBe(1);
    // The other one has rotated: its new key is found at once, whatever happens elsewhere.
    const next = await generateSigningKey('ES256');
    other.keys.push(next);
    expect(await find(peers, other.issuer, next)).toBe(next.kid);
    expect(await find(peers, flooded.issuer, flooded.key)).toBe(flooded.key.kid);
    expect(flooded.seen.requests).toBe(2);
  });
});
