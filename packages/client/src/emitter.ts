import { surroundings } from './surroundings.js';

export interface Emitter<E> {
  /** Calls `listener` for every event of a type until the answered function is called. */
  on<K extends keyof E>(type: K, listener: (data: E[K]) => void): () => void;
  emit<K extends keyof E>(type: K, data: E[K]): void;
  /** Forgets every listener. */
  clear(): void;
}

export function createEmitter<E>(): Emitter<E> {
  const listeners = new Map<keyof E, Set<(data: never) => void>>();
  return {
    on(type, listener) {
      const ofType = listeners.get(type) ?? new Set();
      listeners.set(type, ofType.add(listener));
      return () => void ofType.delete(listener);
    },
    emit(type, data) {
      for (const listener of [...(listeners.get(type) ?? [])]) {
        try {
          listener(data as never);
        } catch (error) {
          report(error);
        }
      }
    },
    clear: () => listeners.clear(),
  };
}

/** A listener that throws is a bug of the page: the page's error handler hears of it, the socket lives on. */
function report(error: unknown): void {
  if (surroundings.reportError) surroundings.reportError(error);
  // eslint-disable-next-line no-console -- Node has no reportError, and silence would hide the bug.
  else console.error(error);
}
