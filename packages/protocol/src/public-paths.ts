/**
 * Where players reach an instance on the host of its RomM (N3). A proxy leads there with two rules: everything below
 * this prefix, and RomM's own list of rooms. `infra/` has them for nginx, Caddy and Traefik.
 */
export const PUBLIC_PREFIX = '/netplay';

/** RomM's player page asks here for rooms; the SFU answers. */
export const ROMM_LIST_PATH = '/api/netplay/list';

/** What auth answers below the prefix: a path, or with a slash at its end everything below it. */
const AUTH_PATHS = ['/api/', '/.well-known/', '/play', '/play/', '/setup', '/setup.js', '/setup.css'];
/** For the instance's own services alone: they ask auth where it is, not where players reach it. */
const INTERNAL_PATH = '/api/sfu/internal/';

/** What both services have, and beside RomM the SFU alone below the prefix: auth answers there below /api/ too. */
export const AUTH_ALSO_AT = {
  '/healthz': '/api/healthz',
  '/readyz': '/api/readyz',
  '/openapi.json': '/api/openapi.json',
} as const;

/** Who answers a path of RomM's host. `nobody`: proxies end it with 404. */
export type Answering = 'auth' | 'sfu' | 'romm' | 'nobody';

/** @param path as a proxy matches it: decoded, without dots and doubled slashes, without a query */
export function whoAnswers(path: string): Answering {
  if (path === ROMM_LIST_PATH) return 'sfu';
  if (!path.startsWith(`${PUBLIC_PREFIX}/`)) return 'romm';
  const below = path.slice(PUBLIC_PREFIX.length);
  if (below.startsWith(INTERNAL_PATH)) return 'nobody';
  const isAuths = AUTH_PATHS.some((known) =>
    known.endsWith('/') ? below.startsWith(known) : below === known,
  );
  return isAuths || below === '/' ? 'auth' : 'sfu';
}
