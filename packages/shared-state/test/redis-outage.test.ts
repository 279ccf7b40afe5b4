import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  openRedisState,
  type SharedState,
  type StateTrouble,
  StateUnavailableError,
} from '@romm-netplay/shared-state';
import { eventually, type RedisServer, startRedisServer } from '@romm-netplay/testing';

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
    const jti = await state.jtis.issue(30_000);
    await server.kill();
    await eventually(() => failure(state.probe()).then(({ error }) => error !== undefined));
    for (const call of [
      () => state.jtis.consume(jti, 'ada'),
      () => state.rooms.list(),
      () => state.probe(),
    ]) {
      const { error, ms } = await failure(call());
      expect(error).toBeInstanceOf(StateUnavailableError);
      expect(ms).toBeLessThan(COMMAND_TIMEOUT_MS);
    }
    await server.restart();
    await eventually(() => state.probe());
    expect(await state.jtis.consume(await state.jtis.issue(30_000), 'ada')).toBe(true);
  });

  it('fails within the command timeout when the server is frozen, and recovers', async () => {
    const jti = await state.jtis.issue(30_000);
    server.freeze();
    const many = await Promise.all(
      Array.from({ length: 100 }, () => failure(state.jtis.isUnused(jti, 'ada'))),
    );
    for (const { error, ms } of many) {
      expect(error).toBeInstanceOf(StateUnavailableError);
      expect(ms).toBeLessThan(COMMAND_TIMEOUT_MS + 1_000);
    }
    server.thaw();
    await eventually(() => state.probe());
    expect(await state.jtis.consume(jti, 'ada')).toBe(true);
  });

  it('reconnects to a server that was frozen until the line was given up', async () => {
    server.freeze();
    await failure(state.probe());
    await server.restart();
    await eventually(() => state.probe());
  });

  it('opens while the server is still away, and connects when it comes', async () => {
    await server.kill();
    const early = await openRedisState({ url: server.url, commandTimeoutMs: COMMAND_TIMEOUT_MS });
    expect((await failure(early.probe())).error).toBeInstanceOf(StateUnavailableError);
    await server.restart();
    await eventually(() => early.probe());
    await early.close();
  });

  it('names neither address nor password in the error', async () => {
    await server.kill();
    const url = server.url.replace('redis://', 'redis://:s3cret@');
    const told: StateTrouble[] = [];
    const closed = await openRedisState({
      url,
      commandTimeoutMs: 100,
      onTrouble: (trouble) => told.push(trouble),
    });
    const { error } = await failure(closed.probe());
    expect(String(error)).not.toContain('127.0.0.1');
    expect(told).toHaveLength(1);
    expect(told).toMatchObject([
      { code: 'redis_unreachable', message: expect.stringMatching(/ECONNREFUSED/) },
    ]);
    expect(JSON.stringify(told)).not.toMatch(/s3cret|127\.0\.0\.1/);
    await closed.close();
  });
});
