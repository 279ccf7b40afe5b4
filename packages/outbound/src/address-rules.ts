import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** Ranges in which a self-hosted instance may live; everything else that is not public has no instance. */
const PRIVATE_RANGES = new Set(['loopback', 'private', 'carrierGradeNat', 'linkLocal', 'uniqueLocal']);

/** Where clouds hand out credentials to whoever asks. Some are inside private ranges, one is public. */
const METADATA_ADDRESSES = new Set(
  [
    '169.254.169.254',
    '169.254.170.2',
    '169.254.170.23',
    '100.100.100.200',
    '168.63.129.16',
    'fd00:ec2::254',
    'fd00:ec2::23',
    'fd20:ce::254',
  ].map((address) => ipaddr.parse(address).toNormalizedString()),
);

/** All that is assigned for global use; the library takes more for unicast. */
const IPV6_GLOBAL = ipaddr.IPv6.parseCIDR('2000::/3');
const NAT64 = ipaddr.IPv6.parseCIDR('64:ff9b::/96');

/**
 * public: anybody's. private: only when allowed. never: no instance is there (metadata services, multicast,
 * unspecified, reserved, tunnels, and whatever is not one unambiguous address).
 */
export type AddressKind = 'public' | 'private' | 'never';

export function kindOfAddress(text: string): AddressKind {
  // A zone names an interface of this machine. And the library reads more spellings than a socket does.
  if (isIP(text) === 0 || text.includes('%')) return 'never';
  const address = withoutEnvelope(parse(text));
  if (METADATA_ADDRESSES.has(address.toNormalizedString())) return 'never';
  const range = address.range();
  if (PRIVATE_RANGES.has(range)) return 'private';
  return range === 'unicast' && isGlobal(address) ? 'public' : 'never';
}

/** In hexadecimal first: the library takes `::1.2.3.4` for `::ffff:1.2.3.4`, and a socket does not. */
function parse(text: string): ipaddr.IPv4 | ipaddr.IPv6 {
  return ipaddr.parse(isIP(text) === 6 ? new URL(`http://[${text}]`).hostname.slice(1, -1) : text);
}

/** The IPv4 address that a mapped one means, or that a NAT64 gateway (DNS64 networks) would call. */
function withoutEnvelope(address: ipaddr.IPv4 | ipaddr.IPv6): ipaddr.IPv4 | ipaddr.IPv6 {
  if (address instanceof ipaddr.IPv4) return address;
  if (!address.isIPv4MappedAddress() && !address.match(NAT64)) return address;
  return new ipaddr.IPv4(address.toByteArray().slice(-4));
}

function isGlobal(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  return address instanceof ipaddr.IPv4 || address.match(IPV6_GLOBAL);
}
