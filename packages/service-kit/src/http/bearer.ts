/** The credential of an `Authorization: Bearer` header (RFC 6750 section 2.1), if it is one. */
export function bearerOf(authorization: string | undefined): string | undefined {
  return /^Bearer +([^\s]+) *$/i.exec(authorization ?? '')?.[1];
}
