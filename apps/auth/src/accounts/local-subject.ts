import type { Identity } from '../ports.js';
import type { Account } from './account-store.js';

/** Sets accounts here apart from users of other systems, whose names must not begin so. */
export const LOCAL_PREFIX = 'local:';

export const subOf = ({ id }: Pick<Account, 'id'>): string => `${LOCAL_PREFIX}${id}`;

export const accountIdOf = (sub: string): string | undefined =>
  sub.startsWith(LOCAL_PREFIX) ? sub.slice(LOCAL_PREFIX.length) : undefined;

export const identityOf = (account: Account): Identity => ({
  sub: subOf(account),
  netplayUsername: account.username,
  role: account.role,
  externalId: account.id,
});
