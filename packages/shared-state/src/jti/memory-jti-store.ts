import { randomBytes } from 'node:crypto';
import type { JtiStore } from './jti-store.js';

export interface MemoryJtiStoreOptions {
  /** Milliseconds since any moment; only goes on. */
  readonly elapsed?: () => number;
}

/** Markers of one process (mode A1). */
export function createMemoryJtiStore({
  elapsed = () => performance.now(),
}: MemoryJtiStoreOptions = {}): JtiStore {
  /** Id to when it is forgotten, by `elapsed`. */
  const markers = new Map<string, number>();
  const isLive = (jti: string) => (markers.get(jti) ?? -Infinity) > elapsed();

  /** Tokens live equally long, so the map is in order of expiry and the expired ones stand in front. */
  function dropExpired(): void {
    for (const [jti, until] of markers) {
      if (until > elapsed()) return;
      markers.delete(jti);
    }
  }

  return {
    issue(ttlMs) {
      dropExpired();
      const jti = randomBytes(16).toString('hex');
      markers.set(jti, elapsed() + ttlMs);
      return Promise.resolve(jti);
    },
    consume(jti) {
      const live = isLive(jti);
      markers.delete(jti);
      return Promise.resolve(live);
    },
    isUnused: (jti) => Promise.resolve(isLive(jti)),
  };
}
