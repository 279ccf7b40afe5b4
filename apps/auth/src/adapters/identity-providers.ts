import type { Logger } from '@romm-netplay/service-kit';
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

function rommProvider({ config, heldIdentities, cache, log, now }: IdentityProvidersDeps): IdentityProvider {
  if (config.rommBaseUrl === undefined) throw new TypeError('The provider "romm" needs a rommBaseUrl.');
  const romm = createRommIdentityProvider({
    baseUrl: config.rommBaseUrl,
    cache,
    now,
    onError: (error) => log.error({ err: error }, 'RomM or the identity cache'),
    onGrace: (who) => log.warn(who, 'RomM is away; who it knew lately may go on'),
    onWarning: (message) => log.warn(message),
  });
  return holdingIdentities(romm, { store: heldIdentities, now });
}
