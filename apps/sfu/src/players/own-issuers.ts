import { HS256_ISSUER } from '@romm-netplay/token-core';

/** Whether an issuer speaks for players of this instance. */
export type IsOwn = (issuer: string) => boolean;

/** The instance's own, and the shared secret that came before it (P1.5); all others speak for guests. */
export const ownIssuers =
  (authIssuer: string): IsOwn =>
  (issuer) =>
    issuer === authIssuer || issuer === HS256_ISSUER;
