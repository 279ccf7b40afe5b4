import { readIssuer } from '@romm-netplay/protocol';

/** Whether two URLs are of one instance. Without the scheme: it is itself over http as well as over https. */
export const isSameInstance = (one: string, other: string): boolean => addressOf(one) === addressOf(other);

/** Host and path of an instance, as people know it. */
export function addressOf(url: string): string {
  const reading = readIssuer(url, { allowHttp: true });
  return ('issuer' in reading ? reading.issuer : url).replace(/^https?:\/\//, '');
}
