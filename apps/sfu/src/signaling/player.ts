import { createHash } from 'node:crypto';
import type { TokenClaims } from '@romm-netplay/token-core';

/** Who is on a socket: the pair (issuer, sub) and nothing less (S6). */
export interface Player {
  readonly issuer: string;
  readonly sub: string;
  /** Shown to other players; stands for the pair and reveals neither half. */
  readonly playerId: string;
  readonly name: string;
}

export function playerOf({ iss, sub, netplay_username: name }: TokenClaims): Player {
  // JSON keeps the two apart whatever they contain: ("a", "b,c") is never ("a,b", "c").
  const playerId = createHash('sha256')
    .update(JSON.stringify([iss, sub]))
    .digest('base64url')
    .slice(0, 22);
  return { issuer: iss, sub, playerId, name: name ?? 'Player' };
}
