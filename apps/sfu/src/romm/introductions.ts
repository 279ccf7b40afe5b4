import type { AttemptLimiter } from '@romm-netplay/shared-state';
import { LRUCache } from 'lru-cache';
import { SocketError } from '../errors.js';
import type { Identity } from '../tokens/identify.js';

export interface IntroductionsOptions {
  /** How long this node takes its own word, for pages that ask for the list in a loop. */
  readonly localMs: number;
  /** Counts the credentials of an address that RomM does not know. */
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
  const shutOut = new LRUCache<string, number>({ max: MAX_KNOWN });

  /** @throws SocketError as it was told */
  function recall(sessionRef: string): Identity | undefined {
    const word = told.get(sessionRef);
    if (word === undefined || monotonicMs() - word.atMs >= localMs) return undefined;
    if ('refusal' in word) throw word.refusal;
    return word.identity;
  }

  /** Who tries many is shut out; a page that goes on asking with the one that has ended is not. */
  async function noteRefusal(sessionRef: string, refusal: SocketError, address: string): Promise<void> {
    const before = told.get(sessionRef);
    told.set(sessionRef, { refusal, atMs: monotonicMs() });
    if (before !== undefined) return;
    const outcome = await unknown.attempt(address);
    if (!outcome.allowed) shutOut.set(address, monotonicMs() + outcome.retryAfterSeconds * 1000);
  }

  async function introduceNew(
    sessionRef: string,
    address: string,
    ask: () => Promise<Identity>,
  ): Promise<Identity> {
    try {
      const identity = await ask();
      told.set(sessionRef, { identity, atMs: monotonicMs() });
      return identity;
    } catch (error) {
      if (error instanceof SocketError && !error.retryable) await noteRefusal(sessionRef, error, address);
      throw error;
    }
  }

  return {
    /** @throws SocketError as RomM refuses, too_many_attempts; what `ask` throws */
    async introduce(sessionRef: string, address: string, ask: () => Promise<Identity>): Promise<Identity> {
      const identity = recall(sessionRef);
      if (identity !== undefined) return identity;
      if ((shutOut.get(address) ?? 0) > monotonicMs()) throw new SocketError('too_many_attempts');
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
