import type { Role, SigningAlg } from '@romm-netplay/token-core';
import type { EndReason } from '../../sessions/session-store.js';

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
  accounts: {
    id: string;
    /** As it was chosen; `username_key` is what must be unique. */
    username: string;
    username_key: string;
    /** argon2id in PHC string format. */
    password_hash: string;
    role: Role;
    enabled: boolean;
    created_at_ms: number;
  };
  /** One-time codes that create the first administrator. */
  setup_codes: { code_hash: string; expires_at_ms: number };
  sessions: {
    id: string;
    sub: string;
    provider: string;
    netplay_username: string;
    role: Role;
    device: string;
    created_at_ms: number;
    last_used_at_ms: number;
    expires_at_ms: number;
    ended_at_ms: number | null;
    end_reason: EndReason | null;
    /** False from the end of a session until the revocation log knows of it. */
    announced: boolean;
  };
  refresh_tokens: {
    hash: string;
    session_id: string;
    expires_at_ms: number;
    rotated_at_ms: number | null;
    successor_salt: string | null;
  };
  /** Which user of another system goes by which `sub` here. */
  held_identities: { sub: string; provider: string; external_id: string; last_seen_at_ms: number };
  /** `record` is an IssuerDraft as JSON. */
  issuers: { issuer: string; version: number; record: string };
  /** One row: the version of the last change to an issuer. */
  issuer_registry: { version: number };
  /** `terms` is an InvitedTerms as JSON. */
  invitations: {
    id: string;
    secret_hash: string;
    terms: string;
    created_at_ms: number;
    expires_at_ms: number;
    wrong_tries: number;
    /** Issuer URL of the instance that has used it. */
    redeemed_by: string | null;
  };
  /** What players agreed to (P3.8). */
  consents: {
    sub: string;
    audience: string;
    version: number;
    given_at_ms: number;
    grant_id: string;
    shares: 'pairwise' | 'plain';
  };
  /** Visits that ended and whose host has not been told. */
  ended_visits: {
    grant_id: string;
    audience: string;
    ended_at_ms: number;
    tries: number;
    next_try_at_ms: number;
  };
  instance_secrets: { name: string; sealed_secret: string; encryption_key_id: string };
}
