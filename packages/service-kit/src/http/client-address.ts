import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import proxyAddr from 'proxy-addr';

/** Who is counted as one, for limits and in log lines: an IPv4 address, or the /64 of an IPv6 one. */
export type AddressOf = (request: IncomingMessage) => string;

/**
 * The client's address as the nearest proxy that is not ours says it, or the connection's own.
 *
 * @param trustedProxies addresses, CIDRs or names of ranges whose X-Forwarded-For is believed
 */
export function createAddressOf(trustedProxies: readonly string[]): AddressOf {
  const trusts = proxyAddr.compile([...trustedProxies]);
  return (request) => {
    // From the connection to the client. What is no address counts as whoever passed it on.
    const shown = proxyAddr.all(request, trusts).map(networkOf);
    return shown.findLast((network) => network !== undefined) ?? 'unknown';
  };
}

/**
 * Whoever has one address of an IPv6 network has 2^64 of them (RFC 6177), so that counts as one. A port, brackets
 * and a zone are left out, and an IPv4 address that is written as IPv6 is that one. Undefined for what is no address.
 */
export function networkOf(shown: string | undefined): string | undefined {
  const [, bracketed, dotted] = /^(?:\[([^\]]*)\]|(\d+\.\d+\.\d+\.\d+))(?::\d+)?$/.exec(shown ?? '') ?? [];
  const address = (bracketed ?? dotted ?? shown ?? '').replace(/%.*$/, '');
  const version = isIP(address);
  if (version === 0) return undefined;
  if (version === 4) return address;
  const parsed = ipaddr.IPv6.parse(new URL(`http://[${address}]`).hostname.slice(1, -1));
  if (parsed.isIPv4MappedAddress()) return parsed.toIPv4Address().toString();
  return `${new ipaddr.IPv6([...parsed.parts.slice(0, 4), 0, 0, 0, 0]).toString()}/64`;
}
