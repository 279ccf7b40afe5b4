import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  jtiKey,
  openRedis,
  openRedisState,
  type RedisConnection,
  type SharedState,
  type StateTrouble,
  StateUnavailableError,
} from '@romm-netplay/shared-state';
import { createDisposers, eventually, type RedisServer, startRedisServer } from '@romm-netplay/testing';

let disposers = createDisposers();
beforeEach(() => {
  disposers = createDisposers();
});
afterEach(() => disposers.closeAll());

/** What a process that shares the state is told of it. */
interface Told {
  readonly state: SharedState;
  readonly troubles: StateTrouble[];
  readonly advice: string[];
  mended: number;
}

async function open(url: string): Promise<Told> {
  const told = { troubles: [] as StateTrouble[], advice: [] as string[], mended: 0 };
  const state = disposers.use(
    await openRedisState({
      url,
      onTrouble: (trouble) => told.troubles.push(trouble),
      onMended: () => (told.mended += 1),
      onAdvice: (sentence) => told.advice.push(sentence),
    }),
  );
  return Object.assign(told, { state });
}

async function startServer(): Promise<{ readonly server: RedisServer; readonly admin: RedisConnection }> {
  const dir = await mkdtemp(join(tmpdir(), 'netplay-redis-'));
  disposers.defer(() => rm(dir, { recursive: true }));
  const server = disposers.use(await startRedisServer({ dir }));
  return { server, admin: disposers.use(await openRedis({ url: server.url })) };
}

const command = (admin: RedisConnection, ...words: string[]) =>
  admin.run((client) => client.sendCommand(words));
const isReplicaOf = (admin: RedisConnection, url: string | undefined) =>
  command(admin, 'REPLICAOF', ...(url === undefined ? ['NO', 'ONE'] : ['127.0.0.1', new URL(url).port]));
const holds = (admin: RedisConnection, jti: string) => admin.run((client) => client.exists(jtiKey(jti)));
const outcomeOf = (state: SharedState, jti: string) =>
  state.jtis.consume(jti, 'ada').catch((error: unknown) => (error as StateUnavailableError).code);

/** A token that was used, and another server that still holds its marker. */
async function usedUnheardOf() {
  const [first, second] = [await startServer(), await startServer()];
  const [{ state: auth }, { state: node }] = [await open(first.server.url), await open(first.server.url)];
  await isReplicaOf(second.admin, first.server.url);
  const jti = await auth.jtis.issue(30_000);
  await eventually(async () => (await holds(second.admin, jti)) === 1);
  await isReplicaOf(second.admin, undefined);
  expect(await node.jtis.consume(jti, 'ada')).toBe(true);
  return { first, second, auth, node, jti };
}

describe('a write token is used once, whatever becomes of Redis', () => {
  it('that comes back from a snapshot of before its use', async () => {
    const { server, admin } = await startServer();
    const [{ state: auth }, { state: node }] = [await open(server.url), await open(server.url)];
    const [used, unused] = [await auth.jtis.issue(30_000), await auth.jtis.issue(30_000)];
    await command(admin, 'SAVE');
    expect(await node.jtis.consume(used, 'ada')).toBe(true);
    await server.restart();
    await eventually(async () => (await holds(admin, used)) === 1);
    await eventually(() => node.probe());
    for (const jti of [used, unused]) {
      expect(await outcomeOf(node, jti)).toBe('state_unavailable');
      await expect(node.jtis.isUnused(jti, 'ada')).rejects.toThrow(StateUnavailableError);
    }
    const next = await eventually(() => auth.jtis.issue(30_000).catch(() => false));
    expect(await node.jtis.consume(String(next), 'ada')).toBe(true);
  });

  it('that was emptied meanwhile', async () => {
    const { server, admin } = await startServer();
    const [{ state: auth }, { state: node }] = [await open(server.url), await open(server.url)];
    const jti = await auth.jtis.issue(30_000);
    expect(await node.jtis.consume(jti, 'ada')).toBe(true);
    await admin.run((client) => client.flushAll());
    // As if something had put the marker back.
    await admin.run((client) => client.set(jtiKey(jti), '0'));
    expect(await outcomeOf(node, jti)).toBe('state_unavailable');
    expect(await outcomeOf(node, jti)).not.toBe(true);
    const next = await eventually(() => auth.jtis.issue(30_000).catch(() => false));
    expect(await node.jtis.consume(String(next), 'ada')).toBe(true);
  });

  it('whose replica took its place without having heard of it, and gave it back', async () => {
    const { first, second, auth, node, jti } = await usedUnheardOf();

    const elsewhere = await open(second.server.url);
    await eventually(() => elsewhere.state.probe());
    expect(await outcomeOf(elsewhere.state, jti)).toBe('state_unavailable');
    const later = await elsewhere.state.jtis.issue(30_000);
    expect(await elsewhere.state.jtis.consume(later, 'ada')).toBe(true);

    await isReplicaOf(first.admin, second.server.url);
    await eventually(async () => (await holds(first.admin, jti)) === 1);
    await isReplicaOf(first.admin, undefined);
    expect(await outcomeOf(node, jti)).toBe('state_unavailable');
    const next = await eventually(() => auth.jtis.issue(30_000).catch(() => false));
    expect(await node.jtis.consume(String(next), 'ada')).toBe(true);
  });

  it('that was a replica for a moment, with nobody writing meanwhile', async () => {
    const { first, second, node, jti } = await usedUnheardOf();
    await isReplicaOf(first.admin, second.server.url);
    await eventually(async () => (await holds(first.admin, jti)) === 1);
    await isReplicaOf(first.admin, undefined);
    // As every process does, a few times a second.
    await eventually(() => node.revocations.readAfter(undefined));
    expect(await outcomeOf(node, jti)).toBe('state_unavailable');
  });

  it('that two processes come to know at the same time', async () => {
    const { server } = await startServer();
    const processes = await Promise.all(Array.from({ length: 8 }, () => open(server.url)));
    const jtis = await Promise.all(processes.map(({ state }) => state.jtis.issue(30_000)));
    const taken = await Promise.all(
      jtis.flatMap((jti) => processes.map(({ state }) => state.jtis.consume(jti, 'ada'))),
    );
    expect(taken.filter(Boolean)).toHaveLength(jtis.length);
  });
});

describe('a Redis that cannot be used is named once, and used again by itself', () => {
  /** Each with how it is made, how it is mended, and what is said. */
  const FAULTS: readonly [string, string[], string[], RegExp][] = [
    [
      'redis_out_of_memory',
      ['CONFIG', 'SET', 'maxmemory', '1'],
      ['CONFIG', 'SET', 'maxmemory', '0'],
      /OOM.*maxmemory/,
    ],
    [
      'redis_few_replicas',
      ['CONFIG', 'SET', 'min-replicas-to-write', '1'],
      ['CONFIG', 'SET', 'min-replicas-to-write', '0'],
      /NOREPLICAS/,
    ],
    [
      'redis_not_permitted',
      ['ACL', 'SETUSER', 'default', '-set'],
      ['ACL', 'SETUSER', 'default', '+set'],
      /command set .*docs\/REDIS-KEYS\.md/,
    ],
  ];

  it.each(FAULTS)('%s', async (code, breaking, mending, message) => {
    const { server, admin } = await startServer();
    const told = await open(server.url);
    await told.state.probe();
    await command(admin, ...breaking);
    const refusal = { code: 'state_unavailable', trouble: { code, message: expect.stringMatching(message) } };
    for (let i = 0; i < 3; i += 1) await expect(told.state.probe()).rejects.toMatchObject(refusal);
    await expect(told.state.jtis.issue(30_000)).rejects.toMatchObject(refusal);
    expect(told.troubles).toEqual([refusal.trouble]);
    await command(admin, ...mending);
    await eventually(() => told.mended === 1);
    await told.state.probe();
    expect(told.troubles).toHaveLength(1);
  });

  it('redis_readonly, of one that was demoted under open connections', async () => {
    const [first, second] = [await startServer(), await startServer()];
    const told = await open(first.server.url);
    await told.state.probe();
    await isReplicaOf(first.admin, second.server.url);
    await expect(told.state.probe()).rejects.toMatchObject({ trouble: { code: 'redis_readonly' } });
    expect(told.troubles.map(({ code }) => code)).toEqual(['redis_readonly']);
    await isReplicaOf(first.admin, undefined);
    await eventually(() => told.mended === 1);
    const jti = await told.state.jtis.issue(30_000);
    expect(await told.state.jtis.consume(jti, 'ada')).toBe(true);
  });

  it('redis_readonly connects anew: what answers at the address may be another server by now', async () => {
    const [first, second] = [await startServer(), await startServer()];
    const told = await open(first.server.url);
    const connections = async () =>
      Number(/total_connections_received:(\d+)/.exec(await first.admin.run((c) => c.info('stats')))?.[1]);
    await isReplicaOf(first.admin, second.server.url);
    const before = await connections();
    await expect(told.state.probe()).rejects.toMatchObject({ trouble: { code: 'redis_readonly' } });
    await eventually(async () => (await connections()) > before);
  });

  it('redis_not_permitted, at the start, of a user that may not ask which run of the server this is', async () => {
    const { server, admin } = await startServer();
    const rights = ['~sfu:*', 'resetchannels', '-@all', '+get', '+set', '+del', '+eval', '+ping', '+time'];
    await command(admin, 'ACL', 'SETUSER', 'netplay', 'on', '>s3cret', ...rights);
    const told = await open(server.url.replace('redis://', 'redis://netplay:s3cret@'));
    await eventually(() => told.troubles.length > 0);
    expect(told.troubles).toEqual([
      { code: 'redis_not_permitted', message: expect.stringMatching(/command info .*docs\/REDIS-KEYS\.md/) },
    ]);
    await expect(told.state.probe()).rejects.toMatchObject({ trouble: { code: 'redis_not_permitted' } });
    await expect(told.state.jtis.issue(30_000)).rejects.toThrow(StateUnavailableError);
    await command(admin, 'ACL', 'SETUSER', 'netplay', '+info');
    await eventually(() => told.state.probe());
  });

  it('redis_refuses_user, of a wrong password', async () => {
    const { server } = await startServer();
    const told = await open(server.url.replace('redis://', 'redis://netplay:wr0ng@'));
    await eventually(() => told.troubles.some(({ code }) => code === 'redis_refuses_user'));
    expect(JSON.stringify(told.troubles)).not.toContain('wr0ng');
  });
});

describe('a set-up of Redis that breaks a promise is told', () => {
  it('keys that are dropped when it is full', async () => {
    const { server, admin } = await startServer();
    expect((await open(server.url)).state.advice()).toEqual([]);
    await command(admin, 'CONFIG', 'SET', 'maxmemory', '100mb', 'maxmemory-policy', 'allkeys-lru');
    const told = await open(server.url);
    await eventually(() => told.advice.length > 0);
    expect(told.advice).toEqual([expect.stringMatching(/allkeys-lru.*noeviction/)]);
    expect(told.state.advice()).toEqual(told.advice);
    await command(admin, 'CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
    expect((await open(server.url)).state.advice()).toEqual([]);
  });
});
