import { createTurns, TooBusyError } from '@romm-netplay/service-kit';
import {
  type AttemptLimiter,
  createMemoryAttemptLimiter,
  type IdentityCache,
} from '@romm-netplay/shared-state';
import { AuthError } from '../../errors.js';
import type { Identity, IdentityProvider } from '../../ports.js';
import { askRomm } from './ask-romm.js';
import { askCounted } from './count-unknown.js';
import { createKnownVerdicts, type KnownVerdict } from './known-verdicts.js';
import { createLastFailure } from './last-failure.js';
import { createOutageGuard } from './outage-guard.js';
import { credentialKey, type RommCredential, rommCredentialOf } from './romm-credential.js';
import type { RommVerdict } from './romm-user.js';

export interface RommIdentityProviderOptions {
  /** RomM's own address, http or https. */
  readonly baseUrl: string;
  readonly cache: IdentityCache;
  readonly fetch?: typeof fetch;
  /** Counts what an address asks that RomM may not know. */
  readonly unknown?: AttemptLimiter;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  /** For one whole exchange with RomM. */
  readonly timeoutMs?: number;
  /** Told when RomM or the shared cache begins to fail, and again after it worked. Never holds a credential. */
  readonly onError?: (error: unknown) => void;
  /** Told when RomM answers again. */
  readonly onMended?: () => void;
  /** Told of every identity that is used though RomM could not confirm it just now. */
  readonly onGrace?: (use: { readonly sub: string; readonly ageMs: number }) => void;
  /** Told why a user whom RomM knows cannot play. */
  readonly onWarning?: (message: string) => void;
}

export const ROMM_TIMEOUT_MS = 3_000;
/** So long RomM's word counts: signing out or being disabled there takes effect here within it. */
export const IDENTITY_FRESH_MS = 60_000;
/** The same for "nobody" and "disabled": whoever signs in just now must not wait. */
export const REFUSAL_FRESH_MS = 10_000;
/** So long RomM's last word on a signed-in user counts while RomM is down. */
export const IDENTITY_GRACE_MS = 600_000;
/** So long a replica spares itself the way to the shared cache. */
export const LOCAL_LAYER_MS = 5_000;
const LOCAL_LAYER = { localMs: LOCAL_LAYER_MS, maxLocal: 10_000 };
const OUTAGES = { backoffMs: 1_000, maxOutages: 5, maxKeys: 10_000 };
/** RomM answers one by one what has to go to its database. */
const QUESTIONS = { atOnce: 16, waiting: 256 };
/** A page of somebody who has signed out asks again and again; a stranger tries many. */
const UNKNOWN_CREDENTIALS = { name: 'romm-unknown', attempts: 120, windowSeconds: 60 };

/** A credential, and from where. */
interface Shown {
  readonly credential: RommCredential;
  readonly address: string | undefined;
}

const freshMsOf = ({ is }: RommVerdict) => (is === 'user' ? IDENTITY_FRESH_MS : REFUSAL_FRESH_MS);
const keepMsOf = ({ is }: RommVerdict) => (is === 'user' ? IDENTITY_GRACE_MS : REFUSAL_FRESH_MS);

/**
 * Knows RomM's users by the credentials RomM gave them (S4), and remembers for a minute what RomM said
 * (P4.5). While RomM is down, whoever was signed in a few minutes ago still is; nobody else can be told.
 */
export function createRommIdentityProvider(options: RommIdentityProviderOptions): IdentityProvider {
  const { cache, now = Date.now, onError = () => undefined, onGrace, onWarning = () => undefined } = options;
  const baseUrl = options.baseUrl.replace(/\/+$/, '');
  const asking = {
    url: `${baseUrl}/api/users/me`,
    fetch: options.fetch ?? fetch,
    timeoutMs: options.timeoutMs ?? ROMM_TIMEOUT_MS,
    onWarning,
  };
  const known = createKnownVerdicts({ cache, now, onError, keepMs: keepMsOf, ...LOCAL_LAYER });
  const guard = createOutageGuard({ now, ...OUTAGES });
  const unknown = options.unknown ?? createMemoryAttemptLimiter(UNKNOWN_CREDENTIALS);
  const inTurn = createTurns(QUESTIONS);
  const inFlight = new Map<string, Promise<RommVerdict>>();
  const failure = createLastFailure({ now, onError, onMended: options.onMended ?? (() => undefined) });

  /** Either way: what a clock that runs ahead has dated must not count for longer. */
  const isWithin = ({ saidAtMs }: KnownVerdict, ms: number) => Math.abs(now() - saidAtMs) < ms;
  const isFresh = (entry: KnownVerdict, maxAgeMs: number) =>
    isWithin(entry, Math.min(maxAgeMs, freshMsOf(entry.verdict)));

  async function lookUp(key: string, shown: Shown, maxAgeMs: number): Promise<RommVerdict> {
    const entry = await known.find(key);
    if (entry !== undefined && isFresh(entry, maxAgeMs)) return entry.verdict;
    // Who was known is not kept out by what others of the address try.
    const address = entry?.verdict.is === 'user' ? undefined : shown.address;
    return askCounted(unknown, address, () => ask(key, shown.credential, entry));
  }

  async function ask(key: string, credential: RommCredential, entry: KnownVerdict | undefined) {
    const saidAtMs = now();
    try {
      const verdict = await guard.run(key, () => inTurn(() => askRomm(asking, credential)));
      failure.forget();
      await known.remember(key, { verdict, saidAtMs });
      return verdict;
    } catch (error) {
      if (error instanceof TooBusyError) throw error;
      failure.note(error);
      return verdictInGrace(entry, error);
    }
  }

  function verdictInGrace(entry: KnownVerdict | undefined, cause: unknown): RommVerdict {
    if (entry?.verdict.is !== 'user' || !isWithin(entry, IDENTITY_GRACE_MS)) {
      throw new AuthError('identity_unavailable', { cause });
    }
    onGrace?.({ sub: entry.verdict.identity.sub, ageMs: now() - entry.saidAtMs });
    return entry.verdict;
  }

  /** Callers with the same credential share one look-up. */
  function lookUpOnce(key: string, shown: Shown, maxAgeMs: number): Promise<RommVerdict> {
    const running = inFlight.get(key);
    if (running !== undefined) return running;
    const started = lookUp(key, shown, maxAgeMs).finally(() => inFlight.delete(key));
    inFlight.set(key, started);
    return started;
  }

  const identify: IdentityProvider['identify'] = async (credentials, maxAgeMs = IDENTITY_FRESH_MS) => {
    const credential = rommCredentialOf(credentials);
    if (credential === undefined) return undefined;
    const key = credentialKey(baseUrl, credential);
    const recent = known.recent(key);
    return conclude(
      recent !== undefined && isFresh(recent, maxAgeMs)
        ? recent.verdict
        : await lookUpOnce(key, { credential, address: credentials.address }, maxAgeMs),
    );
  };

  return {
    name: 'romm',
    identify,
    /** Whoever signs out of RomM, or signs in there as somebody else, ends what began with the old sign-in. */
    async renew(sub, credentials) {
      const identity = await identify(credentials);
      return identity?.sub === sub ? identity : undefined;
    },
    trouble: failure.trouble,
  };
}

function conclude(verdict: RommVerdict): Identity | undefined {
  switch (verdict.is) {
    case 'user':
      return verdict.identity;
    case 'disabled':
      throw new AuthError('account_disabled');
    case 'kiosk':
      throw new AuthError('kiosk_visitor');
    case 'nobody':
      return undefined;
  }
}
