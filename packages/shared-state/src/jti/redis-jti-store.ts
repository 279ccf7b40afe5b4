import type { RedisConnection } from '../redis/connection.js';
import type { JtiStore } from './jti-store.js';

/** The key an unused write token is known by; existing SFU servers read and delete it (P1.3). */
export const jtiKey = (jti: string) => `sfu:auth:jti:${jti}`;
const UNUSED = '0';

export interface RedisJtiStoreOptions {
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  /**
   * Takes markers of older minters, too (P1.5): hashes with user fields, and JSON strings. Called for each
   * one that was found good.
   */
  readonly onOldMarker?: ((jti: string, sub: string) => void) | undefined;
}

/**
 * What a marker is worth for a subject: 1 new form, 2 older form that names this subject, 0 anything else.
 * ARGV: subject, and 'consume' or 'look'.
 */
const OLD_MARKERS = `
local kind = redis.call('TYPE', KEYS[1]).ok
local worth = 0
if kind == 'string' then
  local value = redis.call('GET', KEYS[1])
  local decoded, marker = pcall(cjson.decode, value)
  if value == '0' then worth = 1
  elseif decoded and type(marker) == 'table' and marker.sub == ARGV[1] then worth = 2 end
elseif kind == 'hash' and redis.call('HGET', KEYS[1], 'sub') == ARGV[1] then worth = 2 end
if worth > 0 and ARGV[2] == 'consume' then redis.call('DEL', KEYS[1]) end
return worth`;

export function createRedisJtiStore(redis: RedisConnection, options: RedisJtiStoreOptions = {}): JtiStore {
  const { now = Date.now, onOldMarker } = options;

  async function judgeOldMarkers(jti: string, sub: string, action: 'consume' | 'look'): Promise<boolean> {
    const call = { keys: [jtiKey(jti)], arguments: [sub, action] };
    const worth = await redis.run((client) => client.eval(OLD_MARKERS, call));
    if (worth === 2) onOldMarker?.(jti, sub);
    return worth === 1 || worth === 2;
  }

  return {
    async remember(jti, expiresAtMs) {
      // A lifetime rather than a time of day: the clock of the Redis machine does not matter.
      const ttlMs = Math.max(1, Math.round(expiresAtMs - now()));
      await redis.run((client) =>
        client.set(jtiKey(jti), UNUSED, { expiration: { type: 'PX', value: ttlMs } }),
      );
    },
    consume: (jti, sub) =>
      onOldMarker === undefined
        ? redis.run((client) => client.del(jtiKey(jti))).then((deleted) => deleted === 1)
        : judgeOldMarkers(jti, sub, 'consume'),
    isUnused: (jti, sub) =>
      onOldMarker === undefined
        ? redis.run((client) => client.exists(jtiKey(jti))).then((found) => found === 1)
        : judgeOldMarkers(jti, sub, 'look'),
  };
}
