import { randomBytes } from 'node:crypto';
import type { VerifyPassword } from '@romm-netplay/service-kit';

/** Of nobody's password, with the parameters of everybody's. */
const NOBODYS_HASH =
  '$argon2id$v=19$m=19456,t=2,p=1$KRs3l7sjUBAZpt44hQ+gkg$O7AE9yOhvGQeu0biCbT3Z7TvHMRA1SrWIHCEBuacjOM';

/** Takes as long for a name that does not exist as for one that does, so that names cannot be tried out. */
export async function isPassword(
  verify: VerifyPassword,
  passwordHash: string | undefined,
  password: string,
): Promise<boolean> {
  const matches = await verify(passwordHash ?? NOBODYS_HASH, password);
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
