import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openRedisState, type SharedState, StateUnavailableError } from '@romm-netplay/shared-state';
import { eventually, type RedisServer, startRedisServer } from '@romm-netplay/testing';

const JTI = 'b'.repeat(32);
const COMMAND_TIMEOUT_MS = 300;

let server: RedisServer;
let state: SharedState;
beforeEach(async () => {
  server = await startRedisServer();
  state = await openRedisState({ url: server.url, commandTimeoutMs: COMMAND_TIMEOUT_MS });
});
afterEach(async () => {
  await state.close();
  await server.close();
});

/** Answers what a call rejected with, and how long that took. */
async function failure(call: Promise<unknown>): Promise<{ error: unknown; ms: number }> {
  const startedAt = performance.now();
  const error: unknown = await call.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  return { error, ms: performance.now() - startedAt };
}

describe('Redis away', () => {
  it('fails at once when the server has died, and works again by itself when it is back', async () => {
    await state.jtis.remember(JTI, Date.now() + 30_000);
    await server.kill();
    await eventually(() => failure(state.ping()).then(({ error }) => error !== undefined));
    for (const call of [() => state.jtis.consume(JTI, 'ada'), () => state.rooms.list(), () => state.ping()]) {
      const { error, ms } = await failure(call());
      expect(error).toBeInstanceOf(StateUnavailableError);
      expect(ms).toBeLessThan(COMMAND_TIMEOUT_MS);
    }
    await server.restart();
    await eventually(() => state.ping());
    await state.jtis.remember(JTI, Date.now() + 30_000);
    expect(await state.jtis.consume(JTI, 'ada')).toBe(true);
  });

  it('fails within the command timeout when the server is frozen, and recovers', async () => {
    await state.jtis.remember(JTI, Date.now() + 30_000);
    server.freeze();
    const many = await Promise.all(
      Array.from({ length: 100 }, () => failure(state.jtis.isUnused(JTI, 'ada'))),
    );
    for (const { error, ms } of many) {
      expect(error).toBeInstanceOf(StateUnavailableError);
      expect(ms).toBeLessThan(COMMAND_TIMEOUT_MS + 1_000);
    }
    server.thaw();
    await eventually(() => state.ping());
    expect(await state.jtis.consume(JTI, 'ada')).toBe(true);
  });

  it('reconnects to a server that was frozen until the line was given up', async () => {
    server.freeze();
    await failure(state.ping());
    await server.restart();
    await eventually(() => state.ping());
  });

  it('opens while the server is still away, and connects when it comes', async () => {
    await server.kill();
    const early = await openRedisState({ url: server.url, commandTimeoutMs: COMMAND_TIMEOUT_MS });
    expect((await failure(early.ping())).error).toBeInstanceOf(StateUnavailableError);
    await server.restart();
    await eventually(() => early.ping());
    await early.close();
  });

  it('names neither address nor password in the error', async () => {
    await server.kill();
    const url = server.url.replace('redis://', 'redis://:s3cret@');
    const told: Error[] = [];
    const closed = await openRedisState({ url, commandTimeoutMs: 100, onError: (error) => told.push(error) });
    const { error } = await failure(closed.ping());
    expect(String(error)).not.toContain('127.0.0.1');
    expect(told.map(String).join()).not.toContain('s3cret');
    await closed.close();
  });
});
