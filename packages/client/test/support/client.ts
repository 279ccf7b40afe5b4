import {
  createNetplayClient,
  type NetplayClient,
  type NetplayError,
  type NetplayOptions,
} from '@romm-netplay/client';
import { createFederatedClient, type FederatedClient } from '@romm-netplay/client/federation';
import { WebSocket } from 'ws';
import type { TestServer } from './instance.js';

export interface TestClock {
  now(): number;
  advance(ms: number): void;
  /** Every pause the client made; none of them takes time, but the clock goes on. */
  readonly pauses: number[];
  sleep(ms: number): Promise<void>;
}

export function createClock(): TestClock {
  let nowMs = 1_000;
  const pauses: number[] = [];
  return {
    pauses,
    now: () => nowMs,
    advance: (ms) => void (nowMs += ms),
    async sleep(ms) {
      pauses.push(ms);
      nowMs += ms;
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

const optionsOf = (server: TestServer, { now, sleep }: TestClock): NetplayOptions => ({
  ...{ authUrl: server.url, sfuUrl: server.url, WebSocket, now, sleep, random: () => 0.5 },
  identity: () => 'Bearer player',
});

/** A client whose time is the test's. */
export const startClient = (
  server: TestServer,
  clock: TestClock,
  options: Partial<NetplayOptions> = {},
): NetplayClient => createNetplayClient({ ...optionsOf(server, clock), ...options });

export const startFederatedClient = (
  server: TestServer,
  clock: TestClock,
  options: Partial<NetplayOptions> = {},
): FederatedClient => createFederatedClient({ ...optionsOf(server, clock), ...options });

export const failure = (promise: Promise<unknown>): Promise<NetplayError> =>
  promise.then(
    () => Promise.reject(new Error('accepted')),
    (error: unknown) => error as NetplayError,
  );

export async function until(condition: () => boolean, what = 'the condition'): Promise<void> {
  const deadline = Date.now() + 5_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`Waited in vain for ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
