export interface Announcer {
  /** Brings the registry up to date about a room, soon. Returns at once. */
  announce(key: string): void;
  /** Resolves when nothing is left to announce, of one room or of all. */
  settled(key?: string): Promise<void>;
}

/**
 * Runs one announcement per room at a time, so that an old state never overtakes a newer one; changes that
 * come meanwhile share the next run. `publish` sends the state of the moment and does not reject.
 */
export function createAnnouncer(publish: (key: string) => Promise<void>): Announcer {
  const running = new Map<string, { done: Promise<void>; again: boolean }>();

  async function run(key: string, entry: { again: boolean }): Promise<void> {
    do {
      entry.again = false;
      await publish(key);
      // Set by `announce` while `publish` was under way.
    } while (entry.again as boolean);
    running.delete(key);
  }

  return {
    announce(key) {
      const current = running.get(key);
      if (current !== undefined) {
        current.again = true;
        return;
      }
      const entry = { again: false, done: Promise.resolve() };
      running.set(key, entry);
      entry.done = run(key, entry);
    },
    async settled(key) {
      if (key !== undefined) await running.get(key)?.done;
      else await Promise.all([...running.values()].map(({ done }) => done));
    },
  };
}
