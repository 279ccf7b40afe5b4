import {
  type CloseStack,
  type ComponentCheck,
  followNeighbour,
  type Logger,
} from '@romm-netplay/service-kit';
import { reachRomm } from '../adapters/romm/reach-romm.js';
import { ROMM_TIMEOUT_MS } from '../adapters/romm/romm-identity-provider.js';
import type { AuthConfig } from '../config.js';

/** RomM may start after auth, and is looked for until it is there. Then it is asked when somebody checks. */
const LOOK_AGAIN_MS = 10_000;

/**
 * Whether RomM is where auth looks for it. It is no reason to be unready: accounts, sessions and tokens go on, and so
 * do those whom RomM knew a few minutes ago.
 */
export function rommChecks(
  { identityProviders, rommBaseUrl: baseUrl }: Pick<AuthConfig, 'identityProviders' | 'rommBaseUrl'>,
  log: Logger,
  closing: CloseStack,
): Readonly<Record<string, ComponentCheck>> {
  if (baseUrl === undefined || !identityProviders.includes('romm')) return {};
  const romm = followNeighbour({
    look: () => reachRomm({ baseUrl, timeoutMs: ROMM_TIMEOUT_MS }),
    troubledMs: LOOK_AGAIN_MS,
    onTrouble: ({ message, code }) => log.error({ reason: message, code }, 'RomM is not reached'),
    onMended: () => log.warn('RomM is reached'),
  });
  closing.defer(() => romm.close());
  return { romm: romm.check };
}
