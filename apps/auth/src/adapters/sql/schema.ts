import type { SigningAlg } from '@romm-netplay/token-core';

/** The tables as the migrations leave them; one schema for PostgreSQL and PGlite. Times in ms since the epoch. */
export interface Schema {
  signing_keys: {
    kid: string;
    alg: SigningAlg;
    /** PublicJwk as JSON. */
    public_jwk: string;
    sealed_private_key: string;
    encryption_key_id: string;
    created_at_ms: number;
    signs_from_ms: number;
    withdrawn_at_ms: number | null;
  };
}
