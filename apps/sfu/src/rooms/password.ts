import { hash, verify } from '@node-rs/argon2';
import { LRUCache } from 'lru-cache';
import { SocketError } from '../errors.js';
import type { Room } from './model/room.js';

/** argon2id with the parameters OWASP recommends (19 MiB, 2 passes); runs off the event loop. */
export const hashPassword = (password: string): Promise<string> => hash(password);

const MAX_WRONG_TRIES = 5;
const MAX_CHANGES = 5;
const TRIES_WINDOW_MS = 60_000;

/** Checks room passwords; a player gets five wrong tries a minute and room. */
export interface PasswordCheck {
  /** @throws SocketError wrong_password, too_many_attempts */
  assertPassword(room: Room, playerId: string, password: string | undefined): Promise<void>;
  /** The hash of a new password; a room gets five a minute, as each costs as much as a try. */
  newHash(room: Room, password: string): Promise<string>;
}

export function createPasswordCheck(options: { readonly maxTracked?: number } = {}): PasswordCheck {
  const wrongTries = new LRUCache<string, number>({
    max: options.maxTracked ?? 10_000,
    ttl: TRIES_WINDOW_MS,
  });

  const changes = new LRUCache<string, number>({ max: options.maxTracked ?? 10_000, ttl: TRIES_WINDOW_MS });

  return {
    async newHash(room, password) {
      const count = changes.get(room.id) ?? 0;
      if (count >= MAX_CHANGES) throw new SocketError('too_many_attempts');
      changes.set(room.id, count + 1, { noUpdateTTL: true });
      return hashPassword(password);
    },
    async assertPassword(room, playerId, password) {
      if (room.passwordHash === undefined) return;
      const key = JSON.stringify([room.id, playerId]);
      const tries = wrongTries.get(key) ?? 0;
      if (tries >= MAX_WRONG_TRIES) throw new SocketError('too_many_attempts');
      // Counted before the hash is computed, or tries sent at the same time would all see the old count.
      wrongTries.set(key, tries + 1, { noUpdateTTL: true });
      if (password === undefined || !(await verify(room.passwordHash, password))) {
        throw new SocketError('wrong_password');
      }
      wrongTries.delete(key);
    },
  };
}
