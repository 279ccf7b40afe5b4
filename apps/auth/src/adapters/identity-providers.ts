import { LRUCache } from 'lru-cache';
import type { Lapses, Logger } from '@romm-netplay/service-kit';
import type { IdentityCache } from '@romm-netplay/shared-state';
import type { AccountStore } from '../accounts/account-store.js';
import type { AuthConfig, IdentityProviderName } from '../config.js';
import { type HeldIdentityStore, holdingIdentities } from '../identity/held-identities.js';
import type { IdentityProvider } from '../ports.js';
import { createDevIdentityProvider } from './dev-identity-provider.js';
import { createLocalIdentityProvider } from './local-identity-provider.js';
import { createRommIdentityProvider } from './romm/romm-identity-provider.js';

export interface IdentityProvidersDeps {
  readonly config: AuthConfig;
  readonly accounts: AccountStore;
  readonly heldIdentities: HeldIdentityStore;
  readonly cache: IdentityCache;
  readonly log: Logger;
  readonly lapses: Lapses;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** The configured providers, in the order in which they are asked (S4). */
export function createIdentityProviders(deps: IdentityProvidersDeps): IdentityProvider[] {
  const { config, accounts } = deps;
  const create: Record<IdentityProviderName, () => IdentityProvider> = {
    romm: () => rommProvider(deps),
    local: () => createLocalIdentityProvider(accounts),
    dev: createDevIdentityProvider,
  };
  return config.identityProviders.map((name) => create[name]());
}

/** What is wrong with somebody's name in RomM is said when they come, and not each time they come again. */
const WARNED_AGAIN_MS = 24 * 3_600_000;

function rommProvider({
  config,
  heldIdentities,
  cache,
  log,
  lapses,
  now,
}: IdentityProvidersDeps): IdentityProvider {
  if (config.rommBaseUrl === undefined) throw new TypeError('The provider "romm" needs a rommBaseUrl.');
  const lapse = lapses({
    failing: 'RomM does not say who somebody is',
    mended: 'RomM says who somebody is again',
  });
  const inGrace = new Set<string>();
  const warned = new LRUCache<string, true>({ max: 1_000, ttl: WARNED_AGAIN_MS });
  const romm = createRommIdentityProvider({
    baseUrl: config.rommBaseUrl,
    cache,
    now,
    onError: lapse.onError,
    onMended() {
      lapse.onMended();
      inGrace.clear();
    },
    // Each player asks again every minute.
    onGrace(who) {
      log[inGrace.has(who.sub) ? 'debug' : 'warn'](who, 'RomM is away; who it knew lately may go on');
      inGrace.add(who.sub);
    },
    onWarning(message) {
      log[warned.has(message) ? 'debug' : 'warn'](message);
      warned.set(message, true);
    },
  });
  return holdingIdentities(romm, { store: heldIdentities, now });
}
