import { createHash } from 'node:crypto';
import type { TokenClaims } from '@romm-netplay/token-core';
import { guestName, playerName } from './player-name.js';
import type { IsOwn } from './own-issuers.js';

/** Who is on a socket: the pair (issuer, sub) and nothing less (S6). */
export interface Player {
  readonly issuer: string;
  readonly sub: string;
  /** Shown to other players; stands for the pair and reveals neither half. */
  readonly playerId: string;
  /** As others see it. */
  readonly name: string;
  /** The instance a guest is of (its issuer); null for the players of this one. */
  readonly instance: string | null;
}

export function playerOf({ iss, sub, netplay_username: name = 'Player' }: TokenClaims, isOwn: IsOwn): Player {
  // JSON keeps the two apart whatever they contain: ("a", "b,c") is never ("a,b", "c").
  const playerId = createHash('sha256')
    .update(JSON.stringify([iss, sub]))
    .digest('base64url')
    .slice(0, 22);
  const known = { issuer: iss, sub, playerId };
  return isOwn(iss)
    ? { ...known, name: playerName(name), instance: null }
    : { ...known, name: guestName(name, iss), instance: iss };
}
