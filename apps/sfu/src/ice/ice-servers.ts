import { turnCredential } from './turn-credential.js';

/** As RTCPeerConnection takes it. */
export interface IceServer {
  readonly urls: readonly string[];
  readonly username?: string;
  readonly credential?: string;
}

export interface IceConfig {
  readonly stunUrls: readonly string[];
  /** Every player gets the same name and password. */
  readonly staticTurn: readonly IceServer[];
  /** Every player gets a credential of their own, for minutes. */
  readonly sharedTurn: { readonly urls: readonly string[]; readonly secret: string } | undefined;
  /** The address at which the media of this node can be reached, where it is told to players. */
  readonly announcedIp: string | undefined;
}

/** What a player's browser needs to reach others. TURN servers see the pseudonym of a player, not their sub. */
export function iceServersFor(
  { stunUrls, staticTurn, sharedTurn }: IceConfig,
  playerId: string,
  nowMs: number,
): IceServer[] {
  const stun = stunUrls.length === 0 ? [] : [{ urls: stunUrls }];
  const shared =
    sharedTurn === undefined
      ? []
      : [{ urls: sharedTurn.urls, ...turnCredential(sharedTurn.secret, playerId, nowMs) }];
  return [...stun, ...shared, ...staticTurn];
}

/** What an operator should know of a choice that works. */
export const iceWarnings = ({ staticTurn }: IceConfig): string[] =>
  staticTurn.every(({ credential }) => credential === undefined)
    ? []
    : [
        'Every player is given a TURN password that does not expire. Set SFU_TURN_SECRET and SFU_TURN_URLS in place of SFU_TURN_SERVERS and SFU_TURN_PASS1 to 4: each player then gets one of their own, for 5 minutes.',
      ];
