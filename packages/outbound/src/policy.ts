/** The addresses of a host name, as text without brackets. Rejects when it has none. */
export type Resolve = (name: string) => Promise<readonly string[]>;

/** What may be called, and what is taken from there. One policy per issuer. */
export interface OutboundPolicy {
  /** Allows plain http. Has no effect when a CA or a fingerprint is set, which only https can honour. */
  readonly allowHttp?: boolean;
  /**
   * Allows loopback, private, shared, unique-local and link-local addresses: all, or those for which the
   * function says so. Metadata services and reserved ranges stay refused.
   */
  readonly allowPrivateAddresses?: boolean | ((address: string) => boolean);
  /** PEM. These CAs are trusted instead of the system's, so that no other CA can speak for this issuer. */
  readonly ca?: string;
  /**
   * SHA-256 of the acceptable certificates in hex, with or without colons; several while one is replaced.
   * Without `ca` a match is all that is asked for: issuer, name and dates are not checked.
   */
  readonly certificateFingerprints?: readonly string[];
  /** From the call to the last byte of the body. */
  readonly timeoutMs?: number;
  readonly maxResponseBytes?: number;
  readonly maxHeaderBytes?: number;
  /** Connections to one origin; further requests wait for one. */
  readonly maxConnectionsPerOrigin?: number;
  /** Running and waiting requests to one origin; further ones are refused. */
  readonly maxPendingPerOrigin?: number;
  /** Default: the operating system's, which also knows the hosts file. */
  readonly resolve?: Resolve;
}
