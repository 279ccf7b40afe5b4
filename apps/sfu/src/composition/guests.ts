import { createPeers, type Peers } from '@romm-netplay/peers';
import {
  type CloseStack,
  createSteadyClock,
  type Lapses,
  type Logger,
  peerLines,
} from '@romm-netplay/service-kit';
import { StateUnavailableError } from '@romm-netplay/shared-state';
import type { SharedServices } from '../adapters/shared-services.js';
import type { SfuConfig } from '../config.js';
import { type EndUnwelcomeDeps, endUnwelcome } from '../rooms/end-unwelcome.js';
import { mustGo, type Sojourn } from '../guests/must-go.js';
import { type IssuerChange, watchIssuers } from '../guests/watch-issuers.js';

export interface GuestParts {
  readonly config: SfuConfig;
  readonly services: SharedServices;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: Logger;
  readonly lapses: Lapses;
  readonly closing: CloseStack;
}

/** Other instances, as this node knows them; and what happens here when one of them changes. */
export interface Guests {
  readonly issuers: Peers;
  /** Whether a guest may not stay in a room any more; nobody has to go while nobody can tell. */
  readonly mustGo: (sojourn: Sojourn) => boolean;
  /** From now on, whoever may not be here any more is ended. */
  watch(deps: Omit<EndUnwelcomeDeps, 'issuers'>): void;
}

/** Finds what a change has missed, such as a room that was on its way from node to node. */
const SWEEP_MS = 1_000;

export function openGuests({ services, now, log, lapses, closing }: GuestParts): Guests {
  let watching: Omit<EndUnwelcomeDeps, 'issuers'> | undefined;
  const changeOf = watchIssuers();
  const issuers = createPeers({
    registry: services.issuers,
    now: createSteadyClock(now),
    onChanged: (issuer, record) => end(changeOf(issuer, record)),
    ...peerLines(lapses, {
      all: { failing: 'issuers not followed', mended: 'issuers are followed again' },
      one: { failing: 'keys not fetched', mended: 'keys are fetched again' },
    }),
  });
  closing.defer(() => issuers.close());

  function end(change?: IssuerChange): void {
    const ended = watching === undefined ? 0 : endUnwelcome({ ...watching, issuers }, change);
    if (ended > 0) log.info({ issuer: change?.issuer, ended }, 'guests ended');
  }

  return {
    issuers,
    mustGo: (sojourn) => unlessUnread(false, () => mustGo({ issuers }, sojourn)),
    watch(deps) {
      watching = deps;
      const sweeping = setInterval(() => unlessUnread(undefined, end), SWEEP_MS);
      closing.defer(() => clearInterval(sweeping));
    },
  };
}

/** What is followed answers from memory: it fails only as long as nobody can tell yet. */
export function unlessUnread<T>(otherwise: T, answer: () => T): T {
  try {
    return answer();
  } catch (error) {
    if (error instanceof StateUnavailableError) return otherwise;
    throw error;
  }
}
