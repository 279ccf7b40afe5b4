export * from './cached-verifier.js';
export * from './claims.js';
export * from './dev-identity.js';
export * from './errors.js';
export { fetchKeySet } from './fetch-key-set.js';
export * from './guest-verifier.js';
export * from './issue-token.js';
export * from './key-set.js';
export * from './keys.js';
export * from './migration-verifier.js';
export { claimedIssuer, MAX_TOKEN_BYTES } from './parse-token.js';
export * from './read-bounded.js';
export * from './remote-key-set.js';
export * from './revocable-verifier.js';
export * from './verify-assertion.js';
export {
  createTokenVerifier,
  DEFAULT_CLOCK_SKEW_SECONDS,
  MAX_CLOCK_SKEW_SECONDS,
  type TokenVerifier,
  type TokenVerifierOptions,
} from './verify-token.js';
