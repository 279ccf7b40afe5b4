import { z } from 'zod';

/** What of a published set is read. */
export const MAX_PUBLISHED_KEYS = 100;

/** RFC 7638, SHA-256, base64url: what two administrators compare. */
export const keyThumbprint = z
  .string()
  .regex(/^[A-Za-z0-9_-]{43}$/, 'must be a thumbprint of 43 letters, digits, - or _');

/** A published key as administrators see it. */
export const describedKey = z
  .object({ kid: z.string(), alg: z.string(), thumbprint: keyThumbprint })
  .meta({ id: 'DescribedKey' });
export type DescribedKey = z.output<typeof describedKey>;
