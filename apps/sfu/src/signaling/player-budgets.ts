import { TokenBucket } from 'limiter';
import { LRUCache } from 'lru-cache';

/** What one player may cause to others of a room, whatever connections it comes by. */
export interface PlayerBudget {
  /** Whether a line of chat may be shown to others already. */
  maySay(): boolean;
  /** Whether so many bytes may be sent to others, counted for each of them. */
  maySpread(bytes: number): boolean;
}

export interface PlayerBudgets {
  /** By player id. Connecting anew gives nobody a new one. */
  of(playerId: string): PlayerBudget;
}

/** What a node's line carries for one member: a game of two or four never comes near it. */
const SPREAD_BYTES_PER_SECOND = 16 * 1024 * 1024;
/** So many seconds' worth can be used at once. */
const SAVED_SECONDS = 4;
/** Beyond as many players, the one who was quiet for longest is forgotten, whose budget is full again. */
const MAX_PLAYERS = 20_000;

export function createPlayerBudgets({ chatPerSecond }: { readonly chatPerSecond: number }): PlayerBudgets {
  const budgets = new LRUCache<string, PlayerBudget>({ max: MAX_PLAYERS });
  return {
    of(playerId) {
      const known = budgets.get(playerId);
      if (known !== undefined) return known;
      const made = createBudget(chatPerSecond);
      budgets.set(playerId, made);
      return made;
    },
  };
}

function createBudget(chatPerSecond: number): PlayerBudget {
  const [chat, spread] = [saved(chatPerSecond), saved(SPREAD_BYTES_PER_SECOND)];
  return {
    maySay: () => chat.tryRemoveTokens(1),
    maySpread: (bytes) => spread.tryRemoveTokens(bytes),
  };
}

function saved(perSecond: number): TokenBucket {
  const bucketSize = SAVED_SECONDS * perSecond;
  const bucket = new TokenBucket({ bucketSize, tokensPerInterval: perSecond, interval: 'second' });
  bucket.content = bucketSize;
  return bucket;
}
