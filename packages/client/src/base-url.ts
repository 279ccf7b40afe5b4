import { surroundings } from './surroundings.js';

/** A server's URL as configured, without a slash at its end. @throws TypeError, a fault of the page */
export function parseBaseUrl(name: string, value: string): string {
  const page = surroundings.location?.href;
  const url = URL.canParse(value, page) ? new URL(value, page) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password) {
    throw new TypeError(`${name} must be an http(s) URL without a password.`);
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}
