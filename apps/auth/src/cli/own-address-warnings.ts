import { kindOfAddress, resolveBySystem } from '@romm-netplay/outbound';
import { isIP } from 'node:net';

/**
 * What the other administrator has to allow because of where this instance is, or cannot: said here, where it can be
 * changed, and not by a call that fails over there. How a name is looked up here need not be how it is over there.
 */
export async function ownAddressWarnings(invitation: string, resolve = resolveBySystem): Promise<string[]> {
  const { protocol, hostname, origin } = new URL(invitation);
  const host = hostname.replace(/^\[|\]$/g, '');
  if (/^(?:.+\.)?localhost$|^127\.|^::1$/.test(host)) {
    return [
      `Mind: ${origin} is this machine only. Set AUTH_ISSUER to where others reach it, and invite again.`,
    ];
  }
  const warnings: string[] = [];
  if (protocol === 'http:') {
    warnings.push(
      `Mind: ${origin} has no https. The other side has to accept with --allow-http, and whoever is on the way can read and change everything.`,
    );
  }
  const addresses = isIP(host) === 0 ? await resolve(host).catch(() => []) : [host];
  if (isIP(host) === 0 && addresses.length === 0) {
    warnings.push(`Mind: ${host} cannot be looked up from here; see that the other side can.`);
  } else if (addresses.some((address) => kindOfAddress(address) === 'private')) {
    warnings.push(
      `Mind: ${host} is in a private network. The other side has to be in the same, and to accept with --allow-private-addresses.`,
    );
  }
  return warnings;
}
