import { NOT_ADMITTED, SESSION_ENDED } from './close-codes.js';
import { NetplayError } from './errors.js';

const SENTENCES = {
  visit_ended:
    'Your visit to the other instance was ended: the consent was withdrawn, or your session is over. Join again.',
  not_admitted: 'The other instance does not admit you any more; ask its administrator or yours.',
  instance_unknown:
    'Your own instance knows no node of this instance just now; look at the list of instances.',
} as const;
export type VisitErrorCode = keyof typeof SENTENCES;

export const visitError = (code: VisitErrorCode, closeCode?: number): NetplayError =>
  new NetplayError({ code, message: SENTENCES[code], retryable: code === 'instance_unknown' }, { closeCode });

/** What an error means at another instance: what ends there says nothing of the session here. */
export function explainVisit(error: NetplayError): NetplayError {
  const { code, closeCode } = error;
  if (closeCode === SESSION_ENDED || code === 'token_revoked') return visitError('visit_ended', closeCode);
  const isUnwelcome = closeCode === NOT_ADMITTED || code === 'token_issuer_untrusted';
  return isUnwelcome ? visitError('not_admitted', closeCode) : error;
}
