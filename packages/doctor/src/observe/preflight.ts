import type { Http } from '../http.js';

/** Asks as a browser does before a page of another origin may use a service. */
export function preflightOf(http: Http, url: string, method: string, origin: string | undefined) {
  if (origin === undefined) return undefined;
  const asked = {
    'access-control-request-method': method,
    'access-control-request-headers': 'authorization,content-type',
  };
  return http(url, { method: 'OPTIONS', headers: { origin, ...asked } });
}
