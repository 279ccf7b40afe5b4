import { randomBytes } from 'node:crypto';
import { hash, verify } from '@node-rs/argon2';

/** argon2id with the parameters OWASP recommends (19 MiB, 2 passes); runs off the event loop. */
export const hashPassword = (password: string): Promise<string> => hash(password);

let nobodysHash: Promise<string> | undefined;

/** Takes as long for a name that does not exist as for one that does, so that names cannot be tried out. */
export async function isPassword(passwordHash: string | undefined, password: string): Promise<boolean> {
  nobodysHash ??= hashPassword(randomBytes(32).toString('base64url'));
  const matches = await verify(passwordHash ?? (await nobodysHash), password);
  return matches && passwordHash !== undefined;
}

/** About 100 random bits in groups a person can type. */
export function newPassword(): string {
  const alphabet = 'abcdefghjkmnpqrstuvwxyz23456789';
  // Bytes beyond a multiple of the alphabet would make its first letters likelier.
  const limit = 256 - (256 % alphabet.length);
  const letters: string[] = [];
  while (letters.length < 20) {
    for (const byte of randomBytes(32)) {
      if (byte < limit && letters.length < 20) letters.push(alphabet.charAt(byte % alphabet.length));
    }
  }
  return letters.join('').replaceAll(/(.{5})(?=.)/g, '$1-');
}
