import type { AddressInfo } from 'node:net';
import { createServer, type RequestListener } from 'node:http';
import type { RegisteredIssuer } from '@romm-netplay/protocol';
import { createLogger } from '@romm-netplay/service-kit';
import { createRedisLives, LIFE_KEY, openRedis, type RedisConnection } from '@romm-netplay/shared-state';
import {
  createDisposers,
  eventually,
  freePort,
  type PostgresServer,
  startPostgresServer,
  startRedisServer,
} from '@romm-netplay/testing';
import {
  createTokenIssuer,
  generateSigningKey,
  type SigningKey,
  type TokenIssuer,
} from '@romm-netplay/token-core';
import request from 'supertest';
import type { AuthConfig } from '@romm-netplay/auth/config';
import { ADMIN_KEY, ALICE, SECRET, startAuth, type TestAuth } from './auth.js';

type Terms = Partial<RegisteredIssuer>;

/** One instance, with the first of its replicas. */
export interface Instance {
  readonly issuer: string;
  readonly url: string;
  readonly databaseUrl: string;
  readonly redis: RedisConnection;
  /** Everything its replicas logged. */
  readonly lines: string[];
  /** Another auth process over the same stores; of the issuer's own port if the first one was closed. */
  replica(changes?: Partial<AuthConfig>): Promise<TestAuth>;
  /** Ends the first replica. */
  stop(): Promise<void>;
}

/** An issuer in the hands of the test, which signs what it likes. */
export interface Stranger {
  readonly issuer: string;
  readonly key: SigningKey;
  readonly tokens: TokenIssuer;
}

export interface World {
  /** Milliseconds since the epoch, as every instance sees it. */
  now(): number;
  letPass(ms: number): void;
  start(changes?: Partial<AuthConfig>): Promise<Instance>;
  /** An HTTP server of the test as another instance; `answer` may do nothing. */
  stranger(answer?: RequestListener): Promise<Stranger>;
  closeAll(): Promise<void>;
}

/** Several real instances on loopback: a PostgreSQL and a Redis, with a database of each for every instance. */
export async function startWorld(): Promise<World> {
  const disposers = createDisposers();
  const [redisServer, postgres] = await Promise.all([startRedisServer(), startPostgresServer()]);
  disposers.use(redisServer);
  disposers.use(postgres);
  let aheadMs = 0;
  let started = 0;
  const now = () => Date.now() + aheadMs;
  return {
    now,
    letPass: (ms) => void (aheadMs += ms),
    async start(changes = {}) {
      started += 1;
      const redisUrl = `${redisServer.url}/${started}`;
      const instance = await startInstance({ postgres, redisUrl, now, changes, disposers });
      return instance;
    },
    async stranger(answer = (_request, response) => void response.end('{"ok":true}')) {
      const server = createServer(answer);
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      disposers.defer(() => {
        server.closeAllConnections();
        server.close();
      });
      const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const key = await generateSigningKey('ES256');
      return { issuer, key, tokens: createTokenIssuer({ issuer, signingKey: () => key, now }) };
    },
    closeAll: () => disposers.closeAll(),
  };
}

interface InstanceParts {
  readonly postgres: PostgresServer;
  readonly redisUrl: string;
  readonly now: () => number;
  readonly changes: Partial<AuthConfig>;
  readonly disposers: ReturnType<typeof createDisposers>;
}

async function startInstance(parts: InstanceParts): Promise<Instance> {
  const { postgres, redisUrl, now, changes, disposers } = parts;
  const databaseUrl = await postgres.createDatabase();
  const redis = disposers.use(await openRedis({ url: redisUrl }));
  // What was shown before the test began is known, so that tokens minted now can be judged.
  const { held } = await createRedisLives(redis).current();
  await redis.run((client) => client.set(LIFE_KEY, held.replace(/\d+$/, String(Date.now() - 3_600_000))));
  const port = await freePort();
  const issuer = `http://127.0.0.1:${port}`;
  const lines: string[] = [];
  const log = createLogger('auth', 'info', { write: (line) => void lines.push(line) });
  const replica = async (more: Partial<AuthConfig> = {}) => {
    const config = { issuer, databaseUrl, redisUrl, signingAlg: 'ES256' as const, ...changes, ...more };
    const auth = disposers.use(once(await startAuth(config, { now, log })));
    // Nobody can be judged before the register was read.
    await eventually(async () => (await instancesOf(auth)).status === 200);
    return auth;
  };
  const first = await replica({ port });
  return { issuer, url: issuer, databaseUrl, redis, lines, replica, stop: () => first.close() };
}

/** A test may end it before everything is ended. */
function once(auth: TestAuth): TestAuth {
  let closing: Promise<void> | undefined;
  return { ...auth, close: () => (closing ??= auth.close()) };
}

/** Registers `of` at `at` as active, over the admin API, and waits until `at` follows. */
export async function trust(
  at: Instance,
  of: Pick<Stranger, 'issuer'> & { readonly key?: SigningKey },
  terms: Terms = {},
): Promise<void> {
  const pinned = of.key === undefined ? {} : { pinned_keys: [of.key.publicJwk] };
  const body = {
    issuer: of.issuer,
    label: `Instance ${new URL(of.issuer).port}`,
    allow_http: true,
    allow_private_addresses: true,
    permissions: ['rooms:list', 'rooms:join'],
    ...pinned,
    ...terms,
  };
  const created = await admin(at, 'post', '').send(body);
  if (created.status !== 200) throw new Error(JSON.stringify(created.body));
  await change(at, of.issuer, { state: terms.state ?? 'active' });
}

/** Changes what `at` has registered, and waits until `at` goes by it. */
export async function change(at: Instance, issuer: string, terms: Terms): Promise<void> {
  const { body } = await admin(at, 'get', '');
  const held = (body.issuers as (RegisteredIssuer & { id: string })[]).find(
    (each) => each.issuer === issuer,
  )!;
  const { headers } = await admin(at, 'get', `/${held.id}`);
  const changed = { ...held, ...terms };
  const isFirst = held.state === 'pending' && changed.state === 'active' && changed.pinned_keys.length === 0;
  const { body: published } = isFirst ? await admin(at, 'get', `/${held.id}/keys`) : { body: { keys: [] } };
  const thumbprints = (published.keys as { thumbprint: string }[]).map(({ thumbprint }) => thumbprint);
  const { status, body: answer } = await admin(at, 'put', `/${held.id}`)
    .set('if-match', headers['etag']!)
    .send({ ...changed, ...(isFirst && { confirmed_thumbprints: thumbprints }) });
  if (status !== 200) throw new Error(JSON.stringify(answer));
  await eventually(async () => {
    const shown = (await visitable(at)).find((each) => each.issuer === issuer);
    if ((shown !== undefined) !== (changed.state === 'active')) return false;
    return (
      shown === undefined ||
      (shown.may_visit === changed.players_may_visit && shown.shares === changed.subject)
    );
  });
}

/** Takes `issuer` out of the register of `at`, and waits until `at` goes by it. */
export async function forget(at: Instance, issuer: string): Promise<void> {
  const { body } = await admin(at, 'get', '');
  const held = (body.issuers as { issuer: string; id: string }[]).find((each) => each.issuer === issuer)!;
  await admin(at, 'delete', `/${held.id}`).set('if-match', '*');
  await eventually(async () => !(await visitable(at)).some((each) => each.issuer === issuer));
}

const admin = (at: Instance, method: 'get' | 'post' | 'put' | 'delete', path: string) =>
  request(at.url)[method](`/api/admin/issuers${path}`).set('authorization', `Bearer ${ADMIN_KEY}`);

export interface VisitableInstance {
  issuer: string;
  label: string;
  shares: string;
  may_visit: boolean;
  consent: { version: number; given_at: string } | null;
}

export async function visitable(
  at: Pick<Instance, 'url'>,
  bearer: string = ALICE,
): Promise<VisitableInstance[]> {
  const { body } = await instancesOf(at, bearer);
  return body.instances as VisitableInstance[];
}

const instancesOf = (at: Pick<Instance, 'url'>, bearer: string = ALICE) =>
  request(at.url).get('/api/federation/instances').set('authorization', `Bearer ${bearer}`);

const post = (at: Pick<Instance, 'url'>, path: string, bearer: string, body: object) =>
  request(at.url).post(path).set('authorization', `Bearer ${bearer}`).send(body);

export const consent = (at: Pick<Instance, 'url'>, audience: string, bearer: string = ALICE) =>
  post(at, '/api/federation/consents', bearer, { audience });

export const withdraw = (at: Pick<Instance, 'url'>, audience: string, bearer: string = ALICE) =>
  post(at, '/api/federation/consents/withdraw', bearer, { audience });

/** Asks for a token; `audience` undefined: for the instance itself. */
export const mint = (
  at: Pick<Instance, 'url'>,
  tokenType: 'read' | 'write',
  audience?: string,
  bearer: string = ALICE,
) => post(at, '/api/sfu/token', bearer, { token_type: tokenType, audience });

export async function minted(...wanted: Parameters<typeof mint>): Promise<string> {
  const { status, body } = await mint(...wanted);
  if (status !== 200) throw new Error(JSON.stringify(body));
  return body.token as string;
}

/** What a node without Redis asks. */
export const verify = (at: Pick<Instance, 'url'>, token: string, consume?: boolean) =>
  request(at.url).post('/api/sfu/internal/verify').set('x-romm-sfu-secret', SECRET).send({ token, consume });

/** The sessions that nodes of an instance are told to end. */
export async function revocations(at: Pick<Instance, 'url'>): Promise<string[]> {
  const { body } = await request(at.url)
    .get('/api/sfu/internal/revocations')
    .set('x-romm-sfu-secret', SECRET);
  return body.session_refs as string[];
}
