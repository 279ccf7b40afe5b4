import { createMemoryIdentityCache, type IdentityCache } from '@romm-netplay/shared-state';
import {
  createRommIdentityProvider,
  type RommIdentityProviderOptions,
} from '../../src/adapters/romm/romm-identity-provider.js';
import type { IdentityProvider } from '../../src/ports.js';

export interface RommProviderUnderTest {
  readonly provider: IdentityProvider;
  readonly cache: IdentityCache;
  readonly errors: unknown[];
  readonly warnings: string[];
  readonly graces: { readonly sub: string; readonly ageMs: number }[];
}

/** A provider that keeps what it tells. */
export function rommProvider(
  options: Pick<RommIdentityProviderOptions, 'baseUrl'> & Partial<RommIdentityProviderOptions>,
): RommProviderUnderTest {
  const cache = options.cache ?? createMemoryIdentityCache(options.now && { elapsed: options.now });
  const told = {
    errors: [] as unknown[],
    warnings: [] as string[],
    graces: [] as { sub: string; ageMs: number }[],
  };
  const provider = createRommIdentityProvider({
    onError: (error) => told.errors.push(error),
    onWarning: (message) => told.warnings.push(message),
    onGrace: (use) => told.graces.push(use),
    ...options,
    cache,
  });
  return { provider, cache, ...told };
}

export const withSession = (value: string) => ({ cookie: `romm_session=${value}` });
export const withBearer = (value: string) => ({ authorization: `Bearer ${value}` });

/** Everything an error says of itself and of its causes. */
export function chainOf(error: unknown): string {
  if (!(error instanceof Object)) return String(error);
  const { message, stack, cause } = error as Error;
  return `${message}\n${stack}\n${JSON.stringify(error)}\n${cause === undefined ? '' : chainOf(cause)}`;
}
