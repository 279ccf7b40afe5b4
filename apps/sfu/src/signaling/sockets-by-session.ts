/** The live sockets of each signed-in session, so that the end of a session reaches them (P3.7). */
export interface SocketsBySession {
  /** Sessions with a socket here. */
  readonly size: number;
  /**
   * Calls `close` when the session ends, until the answered function is called; at once when it has ended
   * since its token was verified.
   */
  add(sessionId: string, close: () => void): () => void;
  /** Closes every socket of the session. */
  end(sessionId: string): void;
}

export function createSocketsBySession(isRevoked: (sessionId: string) => boolean): SocketsBySession {
  const sockets = new Map<string, Set<() => void>>();

  return {
    get size() {
      return sockets.size;
    },
    add(sessionId, close) {
      if (isRevoked(sessionId)) {
        close();
        return () => undefined;
      }
      const ofSession = sockets.get(sessionId) ?? new Set();
      sockets.set(sessionId, ofSession.add(close));
      return () => {
        ofSession.delete(close);
        if (ofSession.size === 0 && sockets.get(sessionId) === ofSession) sockets.delete(sessionId);
      };
    },
    end(sessionId) {
      const ofSession = sockets.get(sessionId) ?? [];
      sockets.delete(sessionId);
      for (const close of [...ofSession]) close();
    },
  };
}
