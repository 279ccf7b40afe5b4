import type { IssuerDraft } from '@romm-netplay/protocol';
import { AuthError } from '../errors.js';
import { describeKey, fetchPublishedKeys } from './published-keys.js';

/**
 * Whether an administrator has compared all keys that an instance publishes, and no others.
 * @throws AuthError thumbprints_not_confirmed, peer_unreachable, peer_answer_invalid
 */
export async function assertThumbprintsConfirmed(
  record: IssuerDraft,
  confirmed: readonly string[] | undefined,
): Promise<void> {
  if (confirmed === undefined) throw new AuthError('thumbprints_not_confirmed');
  const published = (await fetchPublishedKeys(record)).map((key) => describeKey(key).thumbprint);
  const isSame =
    published.every((thumbprint) => confirmed.includes(thumbprint)) &&
    confirmed.every((thumbprint) => published.includes(thumbprint));
  if (!isSame) throw new AuthError('thumbprints_not_confirmed');
}
