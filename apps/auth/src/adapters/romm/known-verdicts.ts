import type { IdentityCache } from '@romm-netplay/shared-state';
import { ROLES } from '@romm-netplay/token-core';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import type { RommVerdict } from './romm-user.js';

/** What RomM said of a credential, and when. */
export interface KnownVerdict {
  readonly verdict: RommVerdict;
  readonly saidAtMs: number;
}

export interface KnownVerdictsOptions {
  readonly cache: IdentityCache;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly localMs: number;
  readonly maxLocal: number;
  /** How long the shared layer keeps a verdict. */
  readonly keepMs: (verdict: RommVerdict) => number;
  /** Told when the shared layer begins to fail, and again after it worked. */
  readonly onError: (error: unknown) => void;
}

/** Two layers: a few seconds in this process, and the cache all replicas share. Neither ever fails. */
export interface KnownVerdicts {
  /** What this process has read or written within the last seconds. */
  recent(key: string): KnownVerdict | undefined;
  /** What any replica knows; while the shared layer is away, what this process last knew, however old. */
  find(key: string): Promise<KnownVerdict | undefined>;
  remember(key: string, known: KnownVerdict): Promise<void>;
}

const identity = z.object({
  sub: z.string(),
  netplayUsername: z.string(),
  role: z.enum(ROLES),
  externalId: z.string(),
});
/** The stored form; holds no credential. */
const stored = z.object({
  saidAtMs: z.number(),
  verdict: z.discriminatedUnion('is', [
    z.object({ is: z.literal('user'), identity }),
    z.object({ is: z.literal('nobody') }),
    z.object({ is: z.literal('kiosk') }),
    z.object({ is: z.literal('disabled') }),
  ]),
});

export function createKnownVerdicts(options: KnownVerdictsOptions): KnownVerdicts {
  const { cache, now, localMs, maxLocal, keepMs, onError } = options;
  const local = new LRUCache<string, KnownVerdict & { readonly keptAtMs: number }>({ max: maxLocal });
  let failing = false;

  const keep = (key: string, known: KnownVerdict) => local.set(key, { ...known, keptAtMs: now() });

  /** `orElse` is answered instead while the shared layer is away. */
  async function shared<T>(work: Promise<T>, orElse: T): Promise<T> {
    try {
      const result = await work;
      failing = false;
      return result;
    } catch (error) {
      if (!failing) onError(error);
      failing = true;
      return orElse;
    }
  }

  return {
    recent(key) {
      const known = local.get(key);
      return known !== undefined && Math.abs(now() - known.keptAtMs) < localMs ? known : undefined;
    },
    async find(key) {
      const found = await shared<KnownVerdict | undefined>(cache.read(key).then(parse), local.get(key));
      if (found !== undefined && found !== local.get(key)) keep(key, found);
      return found;
    },
    async remember(key, known) {
      keep(key, known);
      await shared(cache.write(key, JSON.stringify(known), keepMs(known.verdict)), undefined);
    },
  };
}

/** An entry of another release, or a spoiled one, is as good as none. */
function parse(text: string | undefined): KnownVerdict | undefined {
  try {
    return text === undefined ? undefined : stored.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
