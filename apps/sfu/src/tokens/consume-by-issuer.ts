import { type FirstUseStore, firstUseOf } from '@romm-netplay/shared-state';
import type { IsOwn } from '../players/own-issuers.js';
import type { WriteTokenConsumer } from '../ports.js';

export interface ConsumeByIssuerDeps {
  /** Uses up the tokens of this instance. */
  readonly own: WriteTokenConsumer;
  readonly firstUses: FirstUseStore;
  readonly isOwn: IsOwn;
  readonly clockSkewSeconds: number;
}

/**
 * Tokens of this instance have a marker that is taken away; what another one minted has none here, so its first
 * use is recorded for as long as it could be shown again (P2.6).
 */
export const consumeByIssuer = ({
  own,
  firstUses,
  isOwn,
  clockSkewSeconds,
}: ConsumeByIssuerDeps): WriteTokenConsumer => ({
  consume(token, claims) {
    if (isOwn(claims.iss)) return own.consume(token, claims);
    return firstUses.claim(firstUseOf(claims, clockSkewSeconds));
  },
});
