import {
  type CloseStack,
  type ComponentCheck,
  componentLines,
  type Components,
  followNeighbour,
  type Lapses,
  type Logger,
} from '@romm-netplay/service-kit';
import type { AuthApiClient } from '../adapters/auth-api-client.js';
import { reachAuth } from '../adapters/reach-auth.js';
import type { SharedServices } from '../adapters/shared-services.js';

export interface ComponentParts {
  readonly services: SharedServices;
  /** Whether the keys of auth are at hand. */
  readonly keys: ComponentCheck;
  /** Undefined where nobody comes with RomM's session. */
  readonly auth: AuthApiClient | undefined;
  readonly log: Logger;
  readonly lapses: Lapses;
  readonly closing: CloseStack;
}

/** What this node does its work with. */
export const componentsOf = ({ services, keys, auth, log, lapses, closing }: ComponentParts): Components => ({
  checks: { state: () => services.probe(), keys },
  advice: () => services.advice(),
  ...(auth !== undefined && { partChecks: { auth: followAuth(auth, log, closing) } }),
  ...componentLines(lapses),
});

/** Often enough that a wrong secret is in the log before players ask. */
const LOOK_MS = 10_000;

/**
 * Whether auth tells this node who players of RomM are. It is no reason to be unready: players with tokens come and
 * games go on, and a node that is started again would end those.
 */
function followAuth(auth: AuthApiClient, log: Logger, closing: CloseStack): ComponentCheck {
  const neighbour = followNeighbour({
    look: () => reachAuth(auth),
    troubledMs: LOOK_MS,
    wellMs: LOOK_MS,
    onTrouble: ({ message, code }) =>
      log.error({ reason: message, code }, 'auth does not say who players of RomM are'),
    // At the level that a node logs by default: who reads of the trouble is to read of its end.
    onMended: () => log.warn('auth says who players of RomM are'),
  });
  closing.defer(() => neighbour.close());
  return neighbour.check;
}
