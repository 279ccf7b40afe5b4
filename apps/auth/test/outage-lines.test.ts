/** Of what auth cannot do without, the log tells once that it goes and once that it is back (P4.8). */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createLogger } from '@romm-netplay/service-kit';
import {
  createDisposers,
  eventually,
  type PostgresServer,
  type RedisServer,
  startPostgresServer,
  startRedisServer,
} from '@romm-netplay/testing';
import request from 'supertest';
import { startAuth, type TestAuth } from './support/auth.js';
import { sessionClient } from './support/session-client.js';

const disposers = createDisposers();
let written: string[] = [];
let postgres: PostgresServer;
let redis: RedisServer;
let auth: TestAuth;
beforeAll(async () => {
  [postgres, redis] = await Promise.all([startPostgresServer(), startRedisServer()]);
  disposers.use(postgres);
  disposers.use(redis);
  const log = createLogger('auth', 'info', { write: (line) => void written.push(line) });
  const changes = { databaseUrl: await postgres.createDatabase(), redisUrl: redis.url };
  auth = disposers.use(
    await startAuth(
      {
        ...changes,
        identityProviders: ['local'],
        trustedProxies: ['loopback'],
        firstAdmin: { username: 'root', password: 'x'.repeat(20) },
      },
      { log },
    ),
  );
}, 60_000);
afterAll(() => disposers.closeAll());
beforeEach(() => {
  written = [];
});

const ready = async () => (await request(auth.url).get('/readyz')).status;
/** What is told by itself, without what administrators and players do. */
const told = () =>
  written
    .map(
      (line) =>
        JSON.parse(line) as { level: number; msg: string; code?: string; reason?: string; audit?: string },
    )
    .filter(({ audit }) => audit === undefined);

/** Long enough for everything that is tried again and again to have been. */
async function lookAndAct(): Promise<void> {
  for (let round = 0; round < 20; round += 1) {
    await ready();
    await sessionClient(auth.url).login('nobody', 'wrong password');
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

describe.each([
  ['PostgreSQL', () => postgres, 'The database', /ECONNREFUSED|ended the connection|does not answer/],
  ['Redis', () => redis, 'Redis', /Redis/],
] as const)('%s', (_name, server, what, reason) => {
  it('goes and comes back: a line each', async () => {
    await server().kill();
    await eventually(async () => (await ready()) === 503);
    await lookAndAct();
    await server().restart();
    await eventually(async () => (await ready()) === 200, 20_000);
    await eventually(() => told().some(({ level }) => level < 50), 20_000);
    const lines = told();
    const [begin, end] = [lines.filter(({ level }) => level === 50), lines.filter(({ level }) => level < 50)];
    expect(begin.map(({ msg }) => msg)).toEqual(begin.map(() => `${what} cannot be used`));
    expect(begin[0]?.reason).toMatch(reason);
    // One, or another where the reason becomes another: it falls silent before it is found to be gone.
    expect(begin.length).toBeLessThanOrEqual(2);
    expect(new Set(begin.map(({ code }) => code)).size).toBe(begin.length);
    expect(end).toMatchObject([{ level: 40, msg: `${what} can be used again` }]);
    expect(written.join()).not.toContain('stack');
  }, 60_000);
});

it('readiness says what is wrong with the database', async () => {
  await postgres.kill();
  await eventually(async () => (await ready()) === 503);
  const { body } = await request(auth.url).get('/readyz');
  expect(body.components.database).toMatchObject({
    state: 'down',
    code: expect.stringMatching(/^database_/),
    detail: expect.stringMatching(/^PostgreSQL /),
  });
  await postgres.restart();
  await eventually(async () => (await ready()) === 200, 20_000);
}, 60_000);

describe('a try to sign in', () => {
  const logins = () =>
    written
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter(({ audit }) => audit === 'login');

  it('names the account, bounded and readable, and the request; never the password', async () => {
    const client = sessionClient(auth.url);
    const { headers } = await client.login('ro\u202Eot\u0000\n', 'hunter2 hunter2');
    await client.login('root', 'x'.repeat(20));
    expect(logins()).toMatchObject([
      {
        outcome: 'wrong_credentials',
        provider: 'local',
        account: 'root',
        requestId: headers['x-request-id'],
      },
      { outcome: 'signed_in', account: 'root' },
    ]);
    expect(written.join()).not.toMatch(/hunter2|xxxxxxxx/);
  });

  it('is in the log once where an address is refused unseen, and not at all where nothing was tried', async () => {
    const client = sessionClient(auth.url);
    const from = { 'x-forwarded-for': '198.51.100.7' };
    for (let tries = 0; tries < 12; tries += 1) await client.login('mallory', 'wrong password', from);
    const outcomes = logins().map(({ outcome }) => outcome);
    expect(outcomes.filter((outcome) => outcome === 'wrong_credentials')).toHaveLength(5);
    expect(outcomes.filter((outcome) => outcome === 'too_many_attempts')).toHaveLength(1);
    written = [];
    expect((await client.post('/api/auth/login', {})).status).toBe(403);
    expect(written).toEqual([]);
  });
});
