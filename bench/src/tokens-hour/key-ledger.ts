import { ROOM_EXPIRIES_KEY, ROOM_RECORDS_KEY } from '@romm-netplay/shared-state';
import { createClient } from 'redis';
import type { Clock } from './clock.js';

/** A key that was created, and what holding it costs. */
export interface HeldKey {
  readonly bytes: number;
  /** From its creation until it is deleted or expires, in simulated time. */
  readonly heldMs: number;
  /** What `heldMs` would be if nobody had deleted it. */
  readonly lifetimeMs: number;
}

/** Sees every key that anybody creates in a Redis, as Redis itself reports it. */
export interface KeyLedger {
  /** Waits for everything Redis has reported so far and measures the keys that are new. */
  settle(): Promise<void>;
  /** The keys created since the last time. */
  take(): Promise<readonly HeldKey[]>;
  close(): Promise<void>;
}

interface Entry {
  readonly createdAtMs: number;
  endedAtMs: number;
  size?: { readonly bytes: number; readonly lifetimeMs: number };
}

/** Two for all rooms of an instance, with either scheme. */
const ROOM_KEYS: readonly string[] = [ROOM_RECORDS_KEY, ROOM_EXPIRIES_KEY];
const SETTLED = 'bench:settled';

export async function openKeyLedger(url: string, clock: Clock): Promise<KeyLedger> {
  const client = await createClient({ url }).connect();
  const subscriber = await client.duplicate().connect();
  const entries = new Map<string, Entry>();
  const onNew = (key: string) => {
    if (!ROOM_KEYS.includes(key)) entries.set(key, { createdAtMs: clock.now(), endedAtMs: Infinity });
  };
  const onDeleted = (key: string) => {
    const entry = entries.get(key);
    if (entry) entry.endedAtMs = clock.now();
  };
  let onSettled: () => void = () => undefined;
  // Key events (E) of new keys (n, since Redis 7.0) and of deleted ones (g). Expiry runs on the clock here.
  await client.configSet('notify-keyspace-events', 'Eng');
  await subscriber.subscribe('__keyevent@0__:new', onNew);
  await subscriber.subscribe('__keyevent@0__:del', onDeleted);
  await subscriber.subscribe(SETTLED, () => onSettled());

  async function measure(key: string): Promise<NonNullable<Entry['size']>> {
    const [bytes, ttlMs] = await Promise.all([client.memoryUsage(key), client.pTTL(key)]);
    if (bytes === null || ttlMs < 0) throw new Error(`"${key}" was gone too soon, or never expires.`);
    // Expiries are set in whole seconds; a few milliseconds have passed since.
    return { bytes, lifetimeMs: Math.ceil(ttlMs / 1000) * 1000 };
  }

  async function settle(): Promise<void> {
    // Redis reports in the order of its commands, so this arrives after all that happened before.
    const settled = new Promise<void>((resolve) => (onSettled = resolve));
    await client.publish(SETTLED, '');
    await settled;
    for (const [key, entry] of entries) entry.size ??= await measure(key);
  }

  return {
    settle,
    async take() {
      await settle();
      const held = [...entries.values()].map(({ createdAtMs, endedAtMs, size }) => ({
        bytes: size!.bytes,
        heldMs: Math.min(endedAtMs - createdAtMs, size!.lifetimeMs),
        lifetimeMs: size!.lifetimeMs,
      }));
      entries.clear();
      return held;
    },
    async close() {
      await Promise.all([subscriber.close(), client.close()]);
    },
  };
}
