import type { KeyManagementDeps } from './key-management.js';
import { isRotationDue } from './key-ring.js';
import { rotateKeys } from './rotate-keys.js';
import type { SigningKeys } from './signing-keys.js';

export interface KeepKeysOptions extends KeyManagementDeps {
  readonly keys: SigningKeys;
  /** Told of a rotation this replica did. */
  readonly onRotated: (kid: string) => void;
  /** Told when following the store begins to fail. */
  readonly onError: (error: unknown) => void;
  /** Told when it works again. */
  readonly onMended: () => void;
}

/**
 * How often the store is looked at. A withdrawal made at another replica is seen within this time, and by
 * the nodes within theirs: together less than a second.
 */
const FOLLOW_MS = 400;

/** Rotates when due and follows what other replicas do, until closed. */
export async function startKeepingKeys(options: KeepKeysOptions): Promise<{ close(): Promise<void> }> {
  const { keys, policy, now, onRotated, onError, onMended } = options;
  let failing = false;

  async function keep(): Promise<void> {
    if (!isRotationDue(await keys.reload(), now(), policy)) return;
    const made = await rotateKeys(options, { when: 'due' });
    if (made !== undefined) onRotated(made.kid);
    await keys.reload();
  }

  // The first time is part of starting: without a key nothing works, and the reason should be seen.
  await keep();
  let running: Promise<void> = Promise.resolve();
  let busy = false;
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    running = keep()
      .then(() => {
        if (failing) onMended();
        failing = false;
      })
      .catch((error: unknown) => {
        if (!failing) onError(error);
        failing = true;
      })
      .finally(() => {
        busy = false;
      });
  }, FOLLOW_MS);

  return {
    async close() {
      clearInterval(timer);
      await running;
    },
  };
}
