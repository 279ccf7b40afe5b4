import { hash, verify } from '@node-rs/argon2';
import { createTurns } from './turns.js';

/**
 * Each takes 19 MiB and one of four threads for some 30 ms, and tokens are signed on the same threads: half of them,
 * whoever asks, and no longer a queue than a second.
 */
const inTurn = createTurns({ atOnce: 2, waiting: 32 });

/** Compares a password with a hash. */
export type VerifyPassword = typeof verify;

/** argon2id with the parameters OWASP recommends (19 MiB, 2 passes). @throws TooBusyError */
export const hashPassword = (password: string): Promise<string> => inTurn(() => hash(password));

/**
 * Whatever looks at a password, with what has to be counted before: a try that is never made must not count.
 * @throws TooBusyError
 */
export const tryPassword = <T>(work: (verifyPassword: VerifyPassword) => Promise<T>): Promise<T> =>
  inTurn(() => work(verify));
