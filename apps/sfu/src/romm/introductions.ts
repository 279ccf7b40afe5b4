import type { AttemptLimiter } from '@romm-netplay/shared-state';
import { LRUCache } from 'lru-cache';
import { SocketError } from '../errors.js';
import type { Identity } from '../tokens/identify.js';

export interface IntroductionsOptions {
  /** How long this node takes its own word, for pages that ask for the list in a loop. */
  readonly localMs: number;
  /** Counts what an address asks that RomM may not know. */
  readonly unknown: AttemptLimiter;
  /** Milliseconds of a clock that is never put back. */
  readonly monotonicMs: () => number;
}

/** What this node was told of a session. */
type Word = { readonly atMs: number } & ({ readonly identity: Identity } | { readonly refusal: SocketError });

const MAX_KNOWN = 20_000;

/** Who holds a session, asked for once, whoever asks at the same time or just after. */
export function createIntroductions({ localMs, unknown, monotonicMs }: IntroductionsOptions) {
  const told = new LRUCache<string, Word>({ max: MAX_KNOWN });
  const asking = new Map<string, Promise<Identity>>();

  /** @throws SocketError as it was told */
  function recall(sessionRef: string): Identity | undefined {
    const word = told.get(sessionRef);
    if (word === undefined || monotonicMs() - word.atMs >= localMs) return undefined;
    if ('refusal' in word) throw word.refusal;
    return word.identity;
  }

  /**
   * Counted before it is asked, or all that come at the same time would find the count of before; and taken back
   * where RomM knows the player, or cannot tell. Who was known here is not kept out by what others try.
   */
  async function askCounted(sessionRef: string, address: string, ask: () => Promise<Identity>) {
    const before = told.get(sessionRef);
    if (before !== undefined && 'identity' in before) return ask();
    const { allowed } = await unknown.attempt(address);
    if (!allowed) throw new SocketError('too_many_attempts');
    try {
      const identity = await ask();
      await unknown.giveBack(address);
      return identity;
    } catch (error) {
      if (!isRefusal(error)) await unknown.giveBack(address);
      throw error;
    }
  }

  async function introduceNew(sessionRef: string, address: string, ask: () => Promise<Identity>) {
    try {
      const identity = await askCounted(sessionRef, address, ask);
      told.set(sessionRef, { identity, atMs: monotonicMs() });
      return identity;
    } catch (error) {
      if (isRefusal(error)) told.set(sessionRef, { refusal: error, atMs: monotonicMs() });
      throw error;
    }
  }

  return {
    /** @throws SocketError as RomM refuses, too_many_attempts; what `ask` throws */
    async introduce(sessionRef: string, address: string, ask: () => Promise<Identity>): Promise<Identity> {
      const identity = recall(sessionRef);
      if (identity !== undefined) return identity;
      const underWay = asking.get(sessionRef);
      if (underWay !== undefined) return underWay;
      const started = introduceNew(sessionRef, address, ask).finally(() => asking.delete(sessionRef));
      asking.set(sessionRef, started);
      return started;
    },
    /** The session is over, whatever was said of it before. */
    forget: (sessionRef: string): void => void told.delete(sessionRef),
  };
}

const isRefusal = (error: unknown): error is SocketError => error instanceof SocketError && !error.retryable;
