/**
 * Where RomM is for whoever is on one of our pages: at the root of the host that it shares with an issuer below a
 * path. Undefined where nobody has said; ROMM_BASE_URL is an address for servers.
 */
export const rommPath = (issuer: string): '/' | undefined =>
  new URL(issuer).pathname === '/' ? undefined : '/';
