import { readIssuer } from '@romm-netplay/protocol';
import { AuthError } from '../errors.js';

/** What an invitation says: where it is of, which one, and the secret that whoever holds it shows. */
export interface InvitationText {
  readonly issuer: string;
  readonly id: string;
  readonly secret: string;
}

const MARK = '#netplay-invitation=';
const TEXT = new RegExp(`^(\\S+)${MARK}([\\w-]{16})\\.([\\w-]{22})$`);

/** One line to paste. After `#`, because a browser that it is pasted into sends that part to nobody. */
export const writeInvitation = ({ issuer, id, secret }: InvitationText): string =>
  `${issuer}${MARK}${id}.${secret}`;

/** @throws AuthError invitation_unreadable, peer_url_refused */
export function readInvitation(text: string, allowHttp: boolean): InvitationText {
  const [, url, id, secret] = TEXT.exec(text.trim()) ?? [];
  if (url === undefined || id === undefined || secret === undefined) {
    throw new AuthError('invitation_unreadable');
  }
  const reading = readIssuer(url, { allowHttp });
  if ('fault' in reading) throw new AuthError('peer_url_refused', { because: `It ${reading.fault}.` });
  return { issuer: reading.issuer, id, secret };
}
