import { requestJson } from './http.js';
import type { Runtime } from './runtime.js';
import type { Exclusion } from './session-exclusion.js';

/** Ends sessions at auth, also those that were to end while auth could not be told. */
export interface SignOut {
  /**
   * Ends the session that is to end, and with `all` those on other devices. Rejects when auth cannot be told; it is
   * told later then, also by another page of this origin.
   */
  end(all: boolean): Promise<void>;
  /** Whether there was a session to end, which has ended now. Before that, nobody gets what it would give. */
  madeUpFor(): Promise<boolean>;
  close(): void;
}

export interface SignOutDeps {
  readonly runtime: Runtime;
  readonly authUrl: string;
  /** Names the wish to end a session in what outlives the page. */
  readonly name: string;
  readonly alone: Exclusion;
}

/** How often auth is told again. */
const TRY_AGAIN_MS = 15_000;

export function createSignOut({ runtime, authUrl, name, alone }: SignOutDeps): SignOut {
  const { storage } = runtime;
  /** Where pages may keep nothing, a wish lives as long as the page. */
  let kept: string | null = null;
  let closed = false;
  const wish = (): string | null => (storage ? storage.getItem(name) : kept);

  async function madeUpFor(): Promise<boolean> {
    const wanted = wish();
    if (wanted === null) return false;
    const body = { all: wanted === 'all' };
    await requestJson(runtime, `${authUrl}/api/auth/logout`, { body, credentials: 'include' });
    kept = null;
    storage?.removeItem(name);
    return true;
  }

  async function tryUntilDone(): Promise<void> {
    while (!closed && wish() !== null) {
      await runtime.sleep(TRY_AGAIN_MS);
      await runtime.online();
      // Whoever signs in meanwhile has done it already.
      await alone(madeUpFor).catch(() => undefined);
    }
  }

  return {
    async end(all) {
      kept = all || wish() === 'all' ? 'all' : 'one';
      storage?.setItem(name, kept);
      try {
        await madeUpFor();
      } catch (error) {
        void tryUntilDone();
        throw error;
      }
    },
    madeUpFor,
    close() {
      closed = true;
    },
  };
}
