import { surroundings } from './surroundings.js';
import { parseUrl } from './urls.js';

/** A server's URL as configured, without a slash at its end. @throws TypeError, a fault of the page */
export function parseBaseUrl(name: string, value: string): string {
  const page = surroundings.location?.href;
  const url = parseUrl(value, page);
  if (!url || !/^https?:\/\/[^/@]+\//.test(url.href)) {
    throw new TypeError(`${name} must be an http(s) URL without a password.`);
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}
