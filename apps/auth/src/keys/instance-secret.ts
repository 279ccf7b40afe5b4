import { randomBytes } from 'node:crypto';
import type { KeyCipher } from './key-store.js';
import type { SecretStore } from './secret-store.js';

export interface InstanceSecretDeps {
  readonly secrets: SecretStore;
  readonly cipher: KeyCipher;
}

const SECRET_BYTES = 32;
/** What a sealed secret is bound to, so that none opens as another one or as a signing key. */
const contextOf = (name: string): string => `instance-secret:${name}`;

/** The secret of this name, which is made when it is needed first and then stays for good. */
export async function instanceSecret({ secrets, cipher }: InstanceSecretDeps, name: string): Promise<Buffer> {
  const fresh = randomBytes(SECRET_BYTES).toString('base64url');
  const { sealedSecret, encryptionKeyId } = await secrets.keep({
    name,
    sealedSecret: cipher.seal(fresh, contextOf(name)),
    encryptionKeyId: cipher.encryptionKeyId,
  });
  return Buffer.from(cipher.open(sealedSecret, encryptionKeyId, contextOf(name)), 'base64url');
}

/** Seals every secret anew under the current key-encryption key; answers how many had another one. */
export async function reencryptSecrets({ secrets, cipher }: InstanceSecretDeps): Promise<number> {
  const { encryptionKeyId } = cipher;
  const outdated = (await secrets.list()).filter((held) => held.encryptionKeyId !== encryptionKeyId);
  for (const held of outdated) {
    const secret = cipher.open(held.sealedSecret, held.encryptionKeyId, contextOf(held.name));
    const sealedSecret = cipher.seal(secret, contextOf(held.name));
    await secrets.replace(held, { name: held.name, sealedSecret, encryptionKeyId });
  }
  return outdated.length;
}
