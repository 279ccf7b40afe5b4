import { isIP } from 'node:net';
import { kindOfAddress } from './address-rules.js';

/**
 * Whether a browser may be sent to a URL that somebody else announces: an origin with a path, over https, and
 * not plainly inside the network it is opened in. Names are not looked up; the browser would do it again.
 */
export function mayBeAnnounced(
  url: string,
  {
    allowHttp,
    allowPrivateAddresses,
  }: { readonly allowHttp: boolean; readonly allowPrivateAddresses: boolean },
): boolean {
  if (!/^https?:\/\/[^\s\\]+$/i.test(url) || !URL.canParse(url)) return false;
  const { protocol, hostname, username, password, search, hash } = new URL(url);
  if (username || password || search || hash || (protocol === 'http:' && !allowHttp)) return false;
  const host = hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  if (isIP(host) === 0) return allowPrivateAddresses || !/(^|\.)localhost$/i.test(host);
  const kind = kindOfAddress(host);
  return kind === 'public' || (kind === 'private' && allowPrivateAddresses);
}
