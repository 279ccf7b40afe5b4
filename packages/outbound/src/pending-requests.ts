import { OutboundError } from './errors.js';

/** Counts the requests to each origin, so that one slow server cannot pile them up without end. */
export interface PendingRequests {
  /** Counts one until the returned function is called; calling it again does nothing. @throws OutboundError busy */
  begin(origin: string): () => void;
}

export function createPendingRequests(maxPerOrigin: number): PendingRequests {
  const pending = new Map<string, number>();
  return {
    begin(origin) {
      const count = pending.get(origin) ?? 0;
      if (count >= maxPerOrigin) throw new OutboundError('busy');
      pending.set(origin, count + 1);
      let ended = false;
      return () => {
        if (ended) return;
        ended = true;
        const left = (pending.get(origin) ?? 1) - 1;
        if (left === 0) pending.delete(origin);
        else pending.set(origin, left);
      };
    },
  };
}
