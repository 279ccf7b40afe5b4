import type { CloseName } from '@romm-netplay/protocol/wire';
import type { Player } from './player.js';

/** One socket whose player is known. */
export interface OpenSocket {
  readonly player: Player;
  /** The signed-in session behind it, of whichever issuer (`sessionRefOf`); for tokens that name one. */
  readonly sessionRef: string | undefined;
  /** Ends it, with the place it holds. */
  end(name: CloseName): void;
}

/** The live sockets of this node, so that what happens to a session or to an instance reaches them (P3.7). */
export interface OpenSockets {
  /** Signed-in sessions with a socket here. */
  readonly sessions: number;
  /** Until the answered function is called; one whose session has ended since it was verified is ended at once. */
  add(socket: OpenSocket): () => void;
  /** Whether a session has a socket here. */
  hasSession(sessionRef: string): boolean;
  /** Closes every socket of the session. */
  endSession(sessionRef: string): void;
  /** Those of the guests of an instance. */
  of(instance: string): readonly OpenSocket[];
  /** Those of all guests. */
  guests(): readonly OpenSocket[];
}

export function createOpenSockets(isRevoked: (sessionRef: string) => boolean): OpenSockets {
  const bySession = createIndex();
  const byInstance = createIndex();

  return {
    get sessions() {
      return bySession.size;
    },
    add(socket) {
      const { sessionRef, player } = socket;
      if (sessionRef !== undefined && isRevoked(sessionRef)) {
        socket.end('sessionEnded');
        return () => undefined;
      }
      if (sessionRef !== undefined) bySession.add(sessionRef, socket);
      if (player.instance !== null) byInstance.add(player.instance, socket);
      return () => {
        if (sessionRef !== undefined) bySession.remove(sessionRef, socket);
        if (player.instance !== null) byInstance.remove(player.instance, socket);
      };
    },
    hasSession: (sessionRef) => bySession.has(sessionRef),
    endSession(sessionRef) {
      for (const socket of bySession.get(sessionRef)) socket.end('sessionEnded');
    },
    of: (instance) => byInstance.get(instance),
    guests: () => byInstance.all(),
  };
}

/** A name is forgotten with its last socket (D24). */
function createIndex() {
  const entries = new Map<string, Set<OpenSocket>>();
  return {
    get size() {
      return entries.size;
    },
    has: (name: string): boolean => entries.has(name),
    get: (name: string): OpenSocket[] => [...(entries.get(name) ?? [])],
    all: (): OpenSocket[] => [...entries.values()].flatMap((sockets) => [...sockets]),
    add(name: string, socket: OpenSocket): void {
      entries.set(name, (entries.get(name) ?? new Set()).add(socket));
    },
    remove(name: string, socket: OpenSocket): void {
      const sockets = entries.get(name);
      sockets?.delete(socket);
      if (sockets?.size === 0) entries.delete(name);
    },
  };
}
