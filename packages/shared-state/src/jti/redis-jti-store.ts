import { randomBytes } from 'node:crypto';
import { StateUnavailableError } from '../errors.js';
import type { RedisLife, RedisLives } from '../redis/life.js';
import type { JtiStore } from './jti-store.js';

/** The key an unused write token is known by; existing SFU servers read and delete it (P1.3). */
export const jtiKey = (jti: string) => `sfu:auth:jti:${jti}`;
const UNUSED = '0';

export interface RedisJtiStoreOptions {
  /**
   * Takes markers of older minters, too (P1.5): hashes with user fields, and JSON strings. Called for each
   * one that was found good.
   */
  readonly onOldMarker?: ((jti: string, sub: string) => void) | undefined;
}

/**
 * What a marker is worth for a subject: 1 new form, 2 older form that names this subject, 3 new form of which
 * nobody can know whether it was used, 0 anything else. ARGV: subject; 'consume' or 'look'; 'known' where the
 * id is of the present life.
 */
const OLD_MARKERS = `
local kind = redis.call('TYPE', KEYS[1]).ok
local worth = 0
if kind == 'string' then
  local value = redis.call('GET', KEYS[1])
  local decoded, marker = pcall(cjson.decode, value)
  if value == '0' then worth = ARGV[3] == 'known' and 1 or 3
  elseif decoded and type(marker) == 'table' and marker.sub == ARGV[1] then worth = 2 end
elseif kind == 'hash' and redis.call('HGET', KEYS[1], 'sub') == ARGV[1] then worth = 2 end
if (worth == 1 or worth == 2) and ARGV[2] == 'consume' then redis.call('DEL', KEYS[1]) end
return worth`;

export function createRedisJtiStore(lives: RedisLives, options: RedisJtiStoreOptions = {}): JtiStore {
  const { onOldMarker } = options;

  /** An id begins with the name of the life it was issued in: only there is a marker that exists an unused one. */
  const isOf = (life: RedisLife, jti: string) => jti.startsWith(life.name);

  /** The life that an id was issued in, else the present one. */
  async function lifeFor(jti: string): Promise<RedisLife> {
    const current = await lives.current();
    return isOf(current, jti) ? current : lives.look();
  }

  async function changed(jti: string, command: 'del' | 'exists'): Promise<boolean> {
    const life = await lifeFor(jti);
    if (!isOf(life, jti)) throw new StateUnavailableError();
    return (await lives.within(life, (client) => client[command](jtiKey(jti)))) === 1;
  }

  async function judgeOldMarkers(jti: string, sub: string, action: 'consume' | 'look'): Promise<boolean> {
    const life = await lifeFor(jti);
    const call = { keys: [jtiKey(jti)], arguments: [sub, action, isOf(life, jti) ? 'known' : 'unknown'] };
    const worth = await lives.within(life, (client) => client.eval(OLD_MARKERS, call));
    if (worth === 3) throw new StateUnavailableError();
    if (worth === 2) onOldMarker?.(jti, sub);
    return worth === 1 || worth === 2;
  }

  return {
    async issue(ttlMs) {
      const life = await lives.current();
      const jti = life.name + randomBytes(12).toString('hex');
      const expiration = { type: 'PX', value: Math.max(1, Math.round(ttlMs)) } as const;
      await lives.within(life, (client) => client.set(jtiKey(jti), UNUSED, { expiration }));
      return jti;
    },
    consume: (jti, sub) =>
      onOldMarker === undefined ? changed(jti, 'del') : judgeOldMarkers(jti, sub, 'consume'),
    isUnused: (jti, sub) =>
      onOldMarker === undefined ? changed(jti, 'exists') : judgeOldMarkers(jti, sub, 'look'),
  };
}
