import type { JtiStore } from './jti-store.js';

export interface MemoryJtiStoreOptions {
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** Markers of one process (mode A1). */
export function createMemoryJtiStore({ now = Date.now }: MemoryJtiStoreOptions = {}): JtiStore {
  const expiries = new Map<string, number>();
  const isLive = (jti: string) => (expiries.get(jti) ?? 0) > now();

  /** Tokens live equally long, so the map is in order of expiry and the expired ones stand in front. */
  function dropExpired(): void {
    for (const [jti, expiresAtMs] of expiries) {
      if (expiresAtMs > now()) return;
      expiries.delete(jti);
    }
  }

  return {
    remember(jti, expiresAtMs) {
      dropExpired();
      expiries.set(jti, expiresAtMs);
      return Promise.resolve();
    },
    consume(jti) {
      const live = isLive(jti);
      expiries.delete(jti);
      return Promise.resolve(live);
    },
    isUnused: (jti) => Promise.resolve(isLive(jti)),
  };
}
