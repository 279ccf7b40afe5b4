import type { Player } from './player.js';
import type { Runtime } from './runtime.js';

/** What one tab tells the others of this origin; undefined: signed out. */
export interface Shared {
  readonly accessToken: string;
  /** From now: tabs have no clock in common. */
  readonly expiresInMs: number;
  readonly player: Player;
  /** Signed in just now, rather than refreshed. */
  readonly newSession: boolean;
}

export interface Siblings {
  tell(shared: Shared | undefined): void;
  /** Resolves with the next word of another tab, or when the time is over. */
  heard(timeoutMs: number): Promise<void>;
  close(): void;
}

export function openSiblings(
  runtime: Runtime,
  name: string,
  receive: (shared: Shared | undefined) => void,
): Siblings {
  let channel = runtime.channel?.(name);
  let onWord: (() => void) | undefined;
  channel?.addEventListener('message', ({ data }) => {
    const { signedIn } = (data ?? {}) as { signedIn?: Partial<Shared> | null };
    if (signedIn === null) receive(undefined);
    else if (isShared(signedIn)) receive(signedIn);
    onWord?.();
  });
  return {
    tell: (shared) => channel?.postMessage({ signedIn: shared ?? null }),
    async heard(timeoutMs) {
      if (!channel) return;
      const word = new Promise<void>((resolve) => (onWord = resolve));
      await Promise.race([word, runtime.sleep(timeoutMs)]);
    },
    close() {
      channel?.close();
      channel = undefined;
    },
  };
}

/** Another tab may run another version of this client. */
const isShared = (value: Partial<Shared> | undefined): value is Shared =>
  typeof value?.accessToken === 'string' && typeof value.player?.sub === 'string';
