import { afterEach, describe, expect, it } from '@jest/globals';
import {
  createMemoryRevocationLog,
  createRedisLives,
  createRedisRevocationLog,
  followRevocations,
  type FollowRevocationsOptions,
  openRedis,
  REVOCATION_RETENTION_MS,
  type RevocationFeed,
  StateUnavailableError,
} from '@romm-netplay/shared-state';
import { createDisposers, eventually, startRedisServer } from '@romm-netplay/testing';

const disposers = createDisposers();
afterEach(() => disposers.closeAll());

const ignore = () => undefined;
const follow = (options: Partial<FollowRevocationsOptions> & { log: RevocationFeed }) =>
  disposers.use(followRevocations({ onError: ignore, pollMs: 10, ...options }));

/** A feed that can be taken away. */
function failingFeed(log: RevocationFeed) {
  const feed = {
    away: false,
    readAfter: (cursor: string | undefined) =>
      feed.away ? Promise.reject(new StateUnavailableError()) : log.readAfter(cursor),
  };
  return feed;
}

describe('following the sessions that end (P3.7)', () => {
  it('tells of each once, whether it ended before or after following began', async () => {
    const log = createMemoryRevocationLog();
    const told: string[] = [];
    await log.append(['before']);
    const revocations = follow({ log, onRevoked: (sessionRef) => told.push(sessionRef) });
    await revocations.refresh();
    expect(revocations.isRevoked('before')).toBe(true);
    expect(revocations.isRevoked('after')).toBe(false);
    await log.append(['after']);
    await eventually(() => revocations.isRevoked('after'));
    await revocations.refresh();
    expect(told).toEqual(['before', 'after']);
  });

  it('knows every session of a page before it tells of the first', async () => {
    const log = createMemoryRevocationLog();
    const revocations = follow({
      log,
      pollMs: 60_000,
      onRevoked: () => expect(revocations.isRevoked('last')).toBe(true),
    });
    await log.append(['first', 'last']);
    await revocations.refresh();
    expect(revocations.isRevoked('first')).toBe(true);
  });

  it('shows whoever has just revoked something its effect, without waiting for the poll', async () => {
    const log = createMemoryRevocationLog();
    const revocations = follow({ log, pollMs: 60_000 });
    await revocations.refresh();
    await log.append(['a']);
    await Promise.all([revocations.refresh(), revocations.refresh()]);
    expect(revocations.isRevoked('a')).toBe(true);
  });

  it('cannot tell until the log was read once, and says so', async () => {
    const feed = failingFeed(createMemoryRevocationLog());
    feed.away = true;
    const revocations = follow({ log: feed });
    expect(() => revocations.isRevoked('a')).toThrow(StateUnavailableError);
    await revocations.refresh();
    expect(() => revocations.isRevoked('a')).toThrow(StateUnavailableError);
    feed.away = false;
    await eventually(() => !revocations.isRevoked('a'));
  });

  it('keeps what it knows while the log is away, and catches up with what was missed', async () => {
    const log = createMemoryRevocationLog();
    const feed = failingFeed(log);
    const errors: unknown[] = [];
    const told: string[] = [];
    const revocations = follow({
      log: feed,
      onRevoked: (sessionRef) => told.push(sessionRef),
      onError: (error) => errors.push(error),
    });
    await log.append(['known']);
    await eventually(() => revocations.isRevoked('known'));
    feed.away = true;
    await log.append(['missed']);
    await eventually(() => errors.length > 0);
    for (let poll = 0; poll < 5; poll += 1) await revocations.refresh();
    expect(revocations.isRevoked('known')).toBe(true);
    expect(revocations.isRevoked('missed')).toBe(false);
    feed.away = false;
    await eventually(() => revocations.isRevoked('missed'));
    expect(told).toEqual(['known', 'missed']);
    // One report an outage, not one a poll.
    expect(errors).toHaveLength(1);
    feed.away = true;
    await eventually(() => errors.length === 2);
  });

  it('forgets what no token can outlive', async () => {
    let nowMs = 1_800_000_000_000;
    const elapsed = () => nowMs;
    const log = createMemoryRevocationLog({ elapsed });
    const revocations = follow({ log, elapsed, pollMs: 60_000 });
    await log.append(['old']);
    await revocations.refresh();
    nowMs += REVOCATION_RETENTION_MS - 1;
    await log.append(['young']);
    await revocations.refresh();
    expect(['old', 'young'].map((sessionRef) => revocations.isRevoked(sessionRef))).toEqual([true, true]);
    nowMs += 1;
    await revocations.refresh();
    expect(['old', 'young'].map((sessionRef) => revocations.isRevoked(sessionRef))).toEqual([false, true]);
  });

  it('tells nobody after it was closed', async () => {
    const log = createMemoryRevocationLog();
    const told: string[] = [];
    const revocations = follow({ log, onRevoked: (sessionRef) => told.push(sessionRef) });
    await revocations.refresh();
    await log.append(['a']);
    const reading = revocations.refresh();
    revocations.close();
    await reading;
    expect(told).toEqual([]);
  });

  it('goes on by itself when Redis died and came back empty', async () => {
    const server = disposers.use(await startRedisServer());
    const redis = disposers.use(await openRedis({ url: server.url, commandTimeoutMs: 300 }));
    const log = createRedisRevocationLog(redis, createRedisLives(redis));
    const revocations = follow({ log });
    await eventually(() => log.append(['before']).then(() => true));
    await eventually(() => revocations.isRevoked('before'));
    await server.kill();
    await eventually(() =>
      log.readAfter(undefined).then(
        () => false,
        () => true,
      ),
    );
    expect(revocations.isRevoked('before')).toBe(true);
    await server.restart();
    await eventually(() => log.append(['after']));
    await eventually(() => revocations.isRevoked('after'));
    expect(revocations.isRevoked('before')).toBe(true);
  });

  it('is with every process within a second (Redis, default interval)', async () => {
    const server = disposers.use(await startRedisServer());
    const [mine, theirs] = [await openRedis({ url: server.url }), await openRedis({ url: server.url })];
    for (const redis of [mine, theirs]) disposers.use(redis);
    const revocations = disposers.use(
      followRevocations({ log: createRedisRevocationLog(theirs, createRedisLives(theirs)), onError: ignore }),
    );
    await eventually(() => !revocations.isRevoked('a'));
    const startedAt = performance.now();
    await createRedisRevocationLog(mine, createRedisLives(mine)).append(['a']);
    await eventually(() => revocations.isRevoked('a'));
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });
});
