import { keyOfRecord, type RoomRecord, roomRecord } from '@romm-netplay/protocol';
import type { RedisConnection } from '../redis/connection.js';
import type { RoomRegistryOptions } from './memory-room-registry.js';
import {
  type HandoverRegistry,
  type RemoveOutcome,
  ROOM_TTL_MS,
  type TransferOutcome,
  type UpsertOutcome,
} from './room-registry.js';

/**
 * Key to record, key to time of expiry, and the keys of each name, sorted. The hash tag keeps them on one Cluster
 * node, so that a script may touch all. Times are those of the Redis server: nodes need not agree on the time of
 * day.
 */
export const ROOM_RECORDS_KEY = 'sfu:{rooms}:records';
export const ROOM_EXPIRIES_KEY = 'sfu:{rooms}:expiries';
export const ROOM_NAMES_KEY = 'sfu:{rooms}:names';
const KEYS = [ROOM_RECORDS_KEY, ROOM_EXPIRIES_KEY, ROOM_NAMES_KEY];

const PRELUDE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function live(key)
  local expiry = redis.call('ZSCORE', KEYS[2], key)
  if expiry and tonumber(expiry) > now then return redis.call('HGET', KEYS[1], key) end
  return false
end
local function name_of(json)
  local ok, record = pcall(cjson.decode, json)
  if ok and type(record) == 'table' and type(record.room_name) == 'string' then return record.room_name end
  return false
end
local function named(name, key) return name .. '\\0' .. key end
local function forget_name(key)
  local name = name_of(redis.call('HGET', KEYS[1], key))
  if name then redis.call('ZREM', KEYS[3], named(name, key)) end
end
local function drop(key)
  forget_name(key)
  redis.call('HDEL', KEYS[1], key)
  redis.call('ZREM', KEYS[2], key)
end
local function store(key, record, ttl)
  forget_name(key)
  redis.call('HSET', KEYS[1], key, record)
  redis.call('ZADD', KEYS[2], now + ttl, key)
  local name = name_of(record)
  if name then redis.call('ZADD', KEYS[3], 0, named(name, key)) end
end
`;

/** ARGV: key, record, time to live in ms, nodeId, url or '' where that does not stand for it, '1' if auth writes. */
const UPSERT = `${PRELUDE}
local held = live(ARGV[1])
if held then
  local record = cjson.decode(held)
  if record.nodeId ~= ARGV[4] and record.url ~= ARGV[5] then return 'held-by-other-node' end
  if ARGV[6] == '1' and record.byAuth ~= true then return 'held-by-other-node' end
end
store(ARGV[1], ARGV[2], ARGV[3])
return 'stored'`;

/** ARGV: key, nodeId or '', '1' if auth removes. */
const REMOVE = `${PRELUDE}
local held = live(ARGV[1])
if held then
  local record = cjson.decode(held)
  if ARGV[2] ~= '' and record.nodeId ~= ARGV[2] then return 'held-by-other-node' end
  if ARGV[3] == '1' and record.byAuth ~= true then return 'held-by-other-node' end
end
drop(ARGV[1])
return held and 'removed' or 'absent'`;

/** ARGV: key, record, time to live in ms, nodeId of the holder. */
const TRANSFER = `${PRELUDE}
local held = live(ARGV[1])
if not held then return 'absent' end
if cjson.decode(held).nodeId ~= ARGV[4] then return 'held-by-other-node' end
store(ARGV[1], ARGV[2], ARGV[3])
return 'transferred'`;

/** ARGV: key. */
const RESOLVE = `${PRELUDE}
return live(ARGV[1])`;

/** ARGV: name. No name has a NUL, so what begins with one and it belongs to no longer name. */
const FIND_BY_NAME = `${PRELUDE}
local records = {}
for _, entry in ipairs(redis.call('ZRANGEBYLEX', KEYS[3], '[' .. ARGV[1] .. '\\0', '(' .. ARGV[1] .. '\\1')) do
  local record = live(string.sub(entry, #ARGV[1] + 2))
  if record then table.insert(records, record) end
end
return records`;

/** Sweeps what has expired, so that rooms of dead nodes cost nothing for long. */
const LIST = `${PRELUDE}
for _, key in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now)) do drop(key) end
return redis.call('HVALS', KEYS[1])`;

export function createRedisRoomRegistry(
  redis: RedisConnection,
  options: RoomRegistryOptions = {},
): HandoverRegistry {
  const { ttlMs = ROOM_TTL_MS } = options;
  const evaluate = (script: string, args: string[]) =>
    redis.run((client) => client.eval(script, { keys: KEYS, arguments: args }));

  return {
    async upsert(record, { knownByUrl = true } = {}) {
      const { nodeId, url, byAuth } = record;
      return (await evaluate(UPSERT, [
        keyOfRecord(record),
        JSON.stringify(record),
        String(ttlMs),
        nodeId,
        knownByUrl ? url : '',
        byAuth === true ? '1' : '0',
      ])) as UpsertOutcome;
    },
    remove: async (key, nodeId, { byAuth = false } = {}) =>
      (await evaluate(REMOVE, [key, nodeId ?? '', byAuth ? '1' : '0'])) as RemoveOutcome,
    async transfer(key, fromNodeId, record, lifeMs) {
      const args = [key, JSON.stringify(record), String(lifeMs), fromNodeId];
      return (await evaluate(TRANSFER, args)) as TransferOutcome;
    },
    async resolve(key) {
      const json = (await evaluate(RESOLVE, [key])) as string | null;
      return json === null ? undefined : parseRecord(json);
    },
    async findByName(name) {
      return parseRecords((await evaluate(FIND_BY_NAME, [name])) as string[]);
    },
    async list() {
      return parseRecords((await evaluate(LIST, [])) as string[]);
    },
  };
}

const parseRecords = (records: readonly string[]): RoomRecord[] =>
  records.flatMap((json) => parseRecord(json) ?? []);

/** Redis is a boundary too: a record some other program spoiled must not break the list. */
function parseRecord(json: string): RoomRecord | undefined {
  try {
    return roomRecord.safeParse(JSON.parse(json)).data;
  } catch {
    return undefined;
  }
}
