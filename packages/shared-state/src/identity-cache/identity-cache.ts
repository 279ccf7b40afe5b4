/**
 * What an identity provider has said of credentials lately (P4.5), so that it is not asked at every request.
 * The keys are digests of credentials, the values hold none. Losing an entry costs a question, nothing else.
 * Both methods reject with StateUnavailableError when the state is away.
 */
export interface IdentityCache {
  /** Undefined when nothing is known or it has expired. */
  read(key: string): Promise<string | undefined>;
  /** Takes the place of what was there. */
  write(key: string, value: string, ttlMs: number): Promise<void>;
}
