import { RateLimiter, TokenBucket } from 'limiter';

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
  /** Lines of chat, which reach everybody in the room; four times as many at once. */
  readonly chatPerSecond: number;
}

/** How often one connection may ask, by kind of request. */
export interface RequestRates {
  /** False: it sends more than may be, and is to be closed. */
  allows(type: string): boolean;
  /** The same for game traffic that travels as requests do. */
  allowsRelay(): boolean;
  /** Whether the list of rooms may be sent again already. */
  mayList(): boolean;
  /** Whether a line of chat may be shown to everybody already. */
  maySay(): boolean;
}

/** What a node's line carries for one member: a game of two or four never comes near it. */
const SPREAD_BYTES_PER_SECOND = 16 * 1024 * 1024;
const SPREAD_SECONDS = 4;

/** Whether a caller may have so many bytes sent to others, counted for each of them. */
export function createSpread(): (bytes: number) => boolean {
  const budget = saved(SPREAD_BYTES_PER_SECOND, SPREAD_SECONDS);
  return (bytes) => budget.tryRemoveTokens(bytes);
}

/** So much a second, of which some seconds' worth can be used at once. */
function saved(perSecond: number, seconds: number): TokenBucket {
  const bucketSize = seconds * perSecond;
  const bucket = new TokenBucket({ bucketSize, tokensPerInterval: perSecond, interval: 'second' });
  bucket.content = bucketSize;
  return bucket;
}

export function createRequestRates(limits: RequestLimits): RequestRates {
  const perSecond = (tokensPerInterval: number) => new RateLimiter({ tokensPerInterval, interval: 'second' });
  const requests = perSecond(limits.textPerSecond);
  const signals = perSecond(limits.signalsPerSecond);
  const relays = perSecond(limits.textPerSecond + limits.binaryPerSecond);
  const lists = perSecond(limits.listsPerSecond);
  const chat = saved(limits.chatPerSecond, 4);
  return {
    allows: (type) => (type === 'webrtc-signal' ? signals : requests).tryRemoveTokens(1),
    allowsRelay: () => relays.tryRemoveTokens(1),
    mayList: () => lists.tryRemoveTokens(1),
    maySay: () => chat.tryRemoveTokens(1),
  };
}
