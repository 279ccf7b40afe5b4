import { hashPassword as hash, tryPassword } from '@romm-netplay/service-kit';
import { LRUCache } from 'lru-cache';
import { refuseBusy, SocketError } from '../errors.js';
import type { Room } from './model/room.js';

/** @throws SocketError busy */
export const hashPassword = (password: string): Promise<string> => hash(password).catch(refuseBusy);

const MAX_WRONG_TRIES = 5;
const MAX_CHANGES = 5;
const TRIES_WINDOW_MS = 60_000;

/** Checks room passwords; a player gets five wrong tries a minute and room. */
export interface PasswordCheck {
  /** Before anything is used up for a try. @throws SocketError too_many_attempts */
  assertMayTry(room: Room, playerId: string): void;
  /** @throws SocketError wrong_password, too_many_attempts, busy */
  assertPassword(room: Room, playerId: string, password: string | undefined): Promise<void>;
  /** The hash of a new password; a room gets five a minute. @throws SocketError too_many_attempts, busy */
  newHash(room: Room, password: string): Promise<string>;
}

export function createPasswordCheck(options: { readonly maxTracked?: number } = {}): PasswordCheck {
  const wrongTries = new LRUCache<string, number>({
    max: options.maxTracked ?? 10_000,
    ttl: TRIES_WINDOW_MS,
  });

  const changes = new LRUCache<string, number>({ max: options.maxTracked ?? 10_000, ttl: TRIES_WINDOW_MS });

  function assertMayTry(room: Room, playerId: string): void {
    if (room.passwordHash === undefined) return;
    if ((wrongTries.get(keyOf(room, playerId)) ?? 0) >= MAX_WRONG_TRIES) {
      throw new SocketError('too_many_attempts');
    }
  }

  return {
    async newHash(room, password) {
      const count = changes.get(room.id) ?? 0;
      if (count >= MAX_CHANGES) throw new SocketError('too_many_attempts');
      changes.set(room.id, count + 1, { noUpdateTTL: true });
      return hashPassword(password);
    },
    assertMayTry,
    async assertPassword(room, playerId, password) {
      const { passwordHash } = room;
      if (passwordHash === undefined) return;
      const key = keyOf(room, playerId);
      await tryPassword(async (verify) => {
        assertMayTry(room, playerId);
        // Counted before the hash is computed, or tries sent at the same time would all see the old count.
        wrongTries.set(key, (wrongTries.get(key) ?? 0) + 1, { noUpdateTTL: true });
        if (password === undefined || !(await verify(passwordHash, password))) {
          throw new SocketError('wrong_password');
        }
        wrongTries.delete(key);
      }).catch(refuseBusy);
    },
  };
}

const keyOf = (room: Room, playerId: string): string => JSON.stringify([room.id, playerId]);
