import { createHash } from 'node:crypto';

/** Stands for an issuer in paths, where proxies would take its slashes for their own. */
export const issuerIdOf = (issuer: string): string =>
  createHash('sha256').update(issuer).digest('base64url').slice(0, 22);
