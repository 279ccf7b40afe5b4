/** `https://a.example` put in front of `https://a.example/list`, and the forms that makes. */
export function hasDoubledHost(url: string): boolean {
  const rest = url.replace(/^(?:https?|wss?):\/\//i, '');
  if (/(?:https?|wss?):?\/\//i.test(rest)) return true;
  const [host = '', ...path] = rest.split('/');
  return path.includes(host);
}

const LOOPBACK = /^(?:localhost|.*\.localhost|127(?:\.\d+){3}|\[::1\]|0\.0\.0\.0)$/i;

/** Whether a URL leads to the machine of whoever follows it. */
export const isLoopback = (url: string): boolean => URL.canParse(url) && LOOPBACK.test(new URL(url).hostname);

/** Equal origins; all names of this machine count as one. */
export function isSameOrigin(one: string, other: string): boolean {
  if (!URL.canParse(one) || !URL.canParse(other)) return false;
  const [a, b] = [new URL(one), new URL(other)];
  const sameHost = a.hostname === b.hostname || (isLoopback(one) && isLoopback(other));
  return sameHost && a.protocol === b.protocol && a.port === b.port;
}

export const isSecure = (url: string): boolean => url.startsWith('https:');

/** Without what stands at its end, and without a password, which must not be shown. */
export function tidy(url: string): string {
  if (!URL.canParse(url)) return url.replace(/\/\/[^/]*@/, '//');
  const parsed = new URL(url);
  parsed.username = '';
  parsed.password = '';
  parsed.search = '';
  parsed.hash = '';
  return parsed.href.replace(/\/+$/, '');
}
