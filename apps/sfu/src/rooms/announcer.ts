export interface Announcer {
  /** Brings the registry up to date about a room, soon. Returns at once. */
  announce(roomName: string): void;
  /** Resolves when nothing is left to announce, of one room or of all. */
  settled(roomName?: string): Promise<void>;
}

/**
 * Runs one announcement per room at a time, so that an old state never overtakes a newer one; changes that
 * come meanwhile share the next run. `publish` sends the state of the moment and does not reject.
 */
export function createAnnouncer(publish: (roomName: string) => Promise<void>): Announcer {
  const running = new Map<string, { done: Promise<void>; again: boolean }>();

  async function run(roomName: string, entry: { again: boolean }): Promise<void> {
    do {
      entry.again = false;
      await publish(roomName);
      // Set by `announce` while `publish` was under way.
    } while (entry.again as boolean);
    running.delete(roomName);
  }

  return {
    announce(roomName) {
      const current = running.get(roomName);
      if (current !== undefined) {
        current.again = true;
        return;
      }
      const entry = { again: false, done: Promise.resolve() };
      running.set(roomName, entry);
      entry.done = run(roomName, entry);
    },
    async settled(roomName) {
      if (roomName !== undefined) await running.get(roomName)?.done;
      else await Promise.all([...running.values()].map(({ done }) => done));
    },
  };
}
