import { createHmac } from 'node:crypto';

/** Long enough for a browser to reach the TURN server, too short to be worth passing on. */
export const TURN_CREDENTIAL_SECONDS = 300;

export interface TurnCredential {
  readonly username: string;
  readonly credential: string;
}

/**
 * A credential that a TURN server checks by itself: it shares `secret` with this node and refuses the name
 * once the time in it has passed (draft-uberti-behave-turn-rest-00; coturn's use-auth-secret, whose HMAC is
 * SHA-1).
 */
export function turnCredential(secret: string, playerId: string, nowMs: number): TurnCredential {
  const expiry = Math.floor(nowMs / 1000) + TURN_CREDENTIAL_SECONDS;
  const username = `${expiry}:${playerId}`;
  return { username, credential: createHmac('sha1', secret).update(username).digest('base64') };
}
