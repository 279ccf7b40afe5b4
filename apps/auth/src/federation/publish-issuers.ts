import { createRounds, type PublishedIssuers } from '@romm-netplay/shared-state';
import type { IssuerRegistry } from './issuer-registry.js';

/** With the time that followers take, whatever got lost on the way is everywhere again within a second. */
const COMPARE_MS = 400;

export interface PublishIssuersOptions {
  readonly registry: Pick<IssuerRegistry, 'version' | 'list' | 'overtake'>;
  readonly published: Pick<PublishedIssuers, 'version' | 'publish'>;
  /** Told when the database or the shared state is away from now on; every round tries again. */
  readonly onError: (error: unknown) => void;
  readonly onMended: () => void;
  /** Told when the database is older than what was published. */
  readonly onSetBack: () => void;
  readonly compareMs?: number;
}

export interface IssuerPublisher {
  /** Publishes what the registry holds now; for whoever has just changed it. Does not reject. */
  publish(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Publishes the registry when it starts, when told to, and whenever the two versions differ: after a crash
 * between a change and its publication, and when the shared state was emptied.
 */
export async function startPublishingIssuers(options: PublishIssuersOptions): Promise<IssuerPublisher> {
  const { registry, published, onError, onMended, onSetBack, compareMs = COMPARE_MS } = options;
  let failing = false;

  async function compare(): Promise<void> {
    // In this order: a change is committed before it is published, so the first is never the newer one.
    const seen = await published.version();
    const version = await registry.version();
    if (version === seen) return;
    if (version < seen) {
      onSetBack();
      await registry.overtake(seen);
    }
    await published.publish(await registry.list());
  }

  const round = () =>
    compare().then(
      () => {
        if (failing) onMended();
        failing = false;
      },
      (error: unknown) => {
        if (!failing) onError(error);
        failing = true;
      },
    );

  const rounds = createRounds(round);

  const comparing = setInterval(() => {
    if (rounds.running === undefined) void rounds.next();
  }, compareMs);
  await rounds.next();

  return {
    publish: rounds.next,
    async close() {
      clearInterval(comparing);
      await rounds.running;
    },
  };
}
