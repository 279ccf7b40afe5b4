import { RateLimiter } from 'limiter';

/** A second and connection. */
export interface RequestLimits {
  /** Requests, beside those that have a rate of their own. */
  readonly textPerSecond: number;
  /** Frames of the game. */
  readonly binaryPerSecond: number;
  /**
   * WebRTC signals: who hosts a game of four sends an offer and a burst of candidates to each of the others.
   */
  readonly signalsPerSecond: number;
  /** Lists of rooms (D26). */
  readonly listsPerSecond: number;
}

/** How often one connection may ask, by kind of request. */
export interface RequestRates {
  /** False: it sends more than may be, and is to be closed. */
  allows(type: string): boolean;
  /** The same for game traffic that travels as requests do. */
  allowsRelay(): boolean;
  /** Whether the list of rooms may be sent again already. */
  mayList(): boolean;
}

export function createRequestRates(limits: RequestLimits): RequestRates {
  const perSecond = (tokensPerInterval: number) => new RateLimiter({ tokensPerInterval, interval: 'second' });
  const requests = perSecond(limits.textPerSecond);
  const signals = perSecond(limits.signalsPerSecond);
  const relays = perSecond(limits.textPerSecond + limits.binaryPerSecond);
  const lists = perSecond(limits.listsPerSecond);
  return {
    allows: (type) => (type === 'webrtc-signal' ? signals : requests).tryRemoveTokens(1),
    allowsRelay: () => relays.tryRemoveTokens(1),
    mayList: () => lists.tryRemoveTokens(1),
  };
}
