import { HttpError } from '@romm-netplay/service-kit';
import type { SocketLimits } from './limits.js';

/** How many sockets a node and an address may have, whichever protocol they speak (R3). */
export interface SocketSlots {
  /** @throws HttpError shutting_down, node_draining, too_many_sockets, node_full: what `take` would answer */
  assertFree(address: string): void;
  /** Takes one, and answers how to give it back. @throws as `assertFree` */
  take(address: string): () => void;
  /** From now on there is none: the node is being emptied, but answers other requests. */
  drain(): void;
  /** From now on there is none. */
  shut(): void;
}

export function createSocketSlots({
  maxSockets,
  maxSocketsPerAddress,
}: Pick<SocketLimits, 'maxSockets' | 'maxSocketsPerAddress'>): SocketSlots {
  const perAddress = new Map<string, number>();
  let taken = 0;
  let closing = false;
  let draining = false;

  function assertFree(address: string): void {
    if (closing) throw new HttpError(503, 'shutting_down', 'This node is shutting down; reconnect.');
    if (draining) {
      throw new HttpError(503, 'node_draining', 'This node is being emptied; connect to another.');
    }
    if ((perAddress.get(address) ?? 0) >= maxSocketsPerAddress) {
      throw new HttpError(429, 'too_many_sockets', 'Too many sockets from your address; close some.');
    }
    if (taken >= maxSockets) {
      throw new HttpError(503, 'node_full', 'This node has as many sockets as it may; try another.');
    }
  }

  return {
    assertFree,
    take(address) {
      assertFree(address);
      perAddress.set(address, (perAddress.get(address) ?? 0) + 1);
      taken += 1;
      let released = false;
      return () => {
        if (released) return;
        released = true;
        taken -= 1;
        const left = (perAddress.get(address) ?? 1) - 1;
        if (left === 0) perAddress.delete(address);
        else perAddress.set(address, left);
      };
    },
    drain() {
      draining = true;
    },
    shut() {
      closing = true;
    },
  };
}
