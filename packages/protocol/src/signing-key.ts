import { z } from 'zod';

/** A signing key as the admin API lists it: no private part. */
export const listedKey = z
  .object({
    kid: z.string(),
    alg: z.string(),
    phase: z.enum(['next', 'current', 'previous', 'gone']),
    createdAt: z.iso.datetime(),
    signsFrom: z.iso.datetime(),
    withdrawnAt: z.iso.datetime().nullable(),
    encryptionKeyId: z.string(),
  })
  .meta({ id: 'SigningKey' });
