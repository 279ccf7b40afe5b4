import type { Peers } from '@romm-netplay/peers';
import { readIssuer, type RegisteredIssuer } from '@romm-netplay/protocol';

export interface FindInstanceDeps {
  readonly peers: Pick<Peers, 'get'>;
}

/** The form in which instances are compared and stored; undefined for what is no issuer URL. */
export function canonicalIssuer(text: string): string | undefined {
  const reading = readIssuer(text, { allowHttp: true });
  return 'issuer' in reading ? reading.issuer : undefined;
}

/** The active instance of this URL, however it is written. @throws StateUnavailableError */
export function findInstance({ peers }: FindInstanceDeps, text: string): RegisteredIssuer | undefined {
  const issuer = canonicalIssuer(text);
  const found = issuer === undefined ? undefined : peers.get(issuer);
  return found?.state === 'active' ? found : undefined;
}
