import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { kindOfAddress } from './address-rules.js';
import { OutboundError } from './errors.js';
import type { OutboundPolicy, Resolve } from './policy.js';

/** The system's resolver and not DNS alone: instances at home are often in the hosts file. */
export const resolveBySystem: Resolve = async (name) =>
  (await lookup(name, { all: true, verbatim: true })).map(({ address }) => address);

/**
 * The addresses of a host, a name or an address, when all of them may be called. One that may not refuses
 * the host: a name with a public and a private address is somebody trying.
 */
export async function resolveAllowed(host: string, policy: OutboundPolicy): Promise<readonly string[]> {
  const addresses = isIP(host) === 0 ? await resolveName(host, policy.resolve ?? resolveBySystem) : [host];
  if (!addresses.every((address) => isAllowed(address, policy.allowPrivateAddresses ?? false)))
    throw new OutboundError('address_refused');
  return addresses;
}

async function resolveName(name: string, resolve: Resolve): Promise<readonly string[]> {
  const addresses = await resolve(name).catch((error: unknown) => {
    throw new OutboundError('name_unresolved', (error as NodeJS.ErrnoException).code);
  });
  if (addresses.length === 0) throw new OutboundError('name_unresolved');
  return addresses;
}

function isAllowed(
  address: string,
  allowPrivate: NonNullable<OutboundPolicy['allowPrivateAddresses']>,
): boolean {
  const kind = kindOfAddress(address);
  if (kind !== 'private') return kind === 'public';
  return typeof allowPrivate === 'function' ? allowPrivate(address) : allowPrivate;
}
