/** Why another server was not called, or its answer not taken. */
export const OUTBOUND_ERRORS = {
  settings_invalid:
    'The CA certificate or fingerprint set for this server cannot be read; give PEM, and SHA-256 in hex.',
  url_invalid: 'This is no absolute URL.',
  scheme_refused: 'Other servers are called over https; http must be allowed for this one explicitly.',
  credentials_refused: 'The URL contains a user name or password; remove them.',
  port_refused: 'The port belongs to a service that is not HTTP.',
  name_unresolved: 'The host name has no address; check its spelling and DNS.',
  address_refused:
    'The host is at a loopback, private, link-local or reserved address that is not allowed for this server.',
  unreachable: 'The server could not be reached, or the connection broke.',
  tls_failed: 'The server speaks no TLS of version 1.2 or later on this port.',
  certificate_refused:
    'The certificate is not the pinned one, not for this name, expired, or not from a CA trusted for this server.',
  redirect_refused: 'The server answered with a redirect; enter its final URL instead.',
  timeout: 'The server did not answer in full in time.',
  headers_too_large: 'The headers of the answer are larger than allowed.',
  too_large: 'The answer is larger than allowed.',
  response_invalid: 'What the server sent is no HTTP answer, or one in an encoding that was not asked for.',
  busy: 'Too many requests to this server are still running; try again later.',
  closed: 'This process is shutting down and calls nobody any more.',
} as const satisfies Record<string, string>;

export type OutboundErrorCode = keyof typeof OUTBOUND_ERRORS;

/**
 * A call that was refused or failed. Has no `cause`: the errors underneath hold parts of what was received.
 */
export class OutboundError extends Error {
  readonly code: OutboundErrorCode;
  /** The system's or OpenSSL's name of the fault, such as ECONNREFUSED or CERT_HAS_EXPIRED. */
  readonly reason: string | undefined;

  constructor(code: OutboundErrorCode, reason?: string) {
    super(OUTBOUND_ERRORS[code]);
    this.name = 'OutboundError';
    this.code = code;
    this.reason = reason;
  }
}
