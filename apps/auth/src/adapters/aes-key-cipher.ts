import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import type { KeyCipher } from '../keys/key-store.js';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * AES-256-GCM (NIST SP 800-38D) under 32-byte keys, nonce and tag stored with the ciphertext. The first key
 * seals; the others still open what they sealed, until it has been re-encrypted.
 */
export function createAesKeyCipher(keys: readonly Buffer[]): KeyCipher {
  const [sealing] = keys;
  if (sealing === undefined || keys.some(({ length }) => length !== 32)) {
    throw new TypeError('AES-256 needs keys of 32 bytes.');
  }
  const byId = new Map(keys.map((key) => [idOf(key), key]));

  return {
    encryptionKeyId: idOf(sealing),
    seal(plaintext, context) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', sealing, nonce, { authTagLength: TAG_BYTES });
      cipher.setAAD(Buffer.from(context));
      const ciphertext = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), ciphertext]).toString('base64');
    },
    open(sealed, encryptionKeyId, context) {
      const key = byId.get(encryptionKeyId);
      if (key === undefined) {
        throw new Error(
          `A private key or secret is sealed with key-encryption key ${encryptionKeyId}, which is not configured; ` +
            'put it into KEY_ENCRYPTION_KEY or KEY_ENCRYPTION_KEY_PREVIOUS.',
        );
      }
      const bytes = Buffer.from(sealed, 'base64');
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES), {
        authTagLength: TAG_BYTES,
      });
      decipher.setAAD(Buffer.from(context));
      decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
      return (
        decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES), undefined, 'utf8') + decipher.final('utf8')
      );
    },
  };
}

/** Tells keys apart without telling what they are. */
const idOf = (key: Buffer): string =>
  createHash('sha256').update('key-encryption-key').update(key).digest('hex').slice(0, 16);
