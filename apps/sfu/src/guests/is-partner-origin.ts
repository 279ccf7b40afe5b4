import type { Peers } from '@romm-netplay/peers';

/** Whether pages of an origin are those of another instance whose players may come here. */
export const isPartnerOrigin = (
  { issuers }: { readonly issuers: Pick<Peers, 'all'> },
  origin: string | undefined,
): boolean =>
  issuers
    .all()
    .some(
      ({ issuer, state, permissions }) =>
        state === 'active' && permissions.length > 0 && new URL(issuer).origin === origin,
    );
