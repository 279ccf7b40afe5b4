import { type RoomRecord, roomRecord } from '@romm-netplay/protocol';
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
 * Name to record, name to time of expiry, and session id to name. The hash tag keeps them on one Cluster node,
 * so that a script may touch all. Times are those of the Redis server: nodes need not agree on the time of day.
 */
export const ROOM_RECORDS_KEY = 'sfu:{rooms}:records';
export const ROOM_EXPIRIES_KEY = 'sfu:{rooms}:expiries';
export const ROOM_SESSIONS_KEY = 'sfu:{rooms}:sessions';
const KEYS = [ROOM_RECORDS_KEY, ROOM_EXPIRIES_KEY, ROOM_SESSIONS_KEY];

const PRELUDE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function live(name)
  local expiry = redis.call('ZSCORE', KEYS[2], name)
  if expiry and tonumber(expiry) > now then return redis.call('HGET', KEYS[1], name) end
  return false
end
local function session_of(json)
  local ok, record = pcall(cjson.decode, json)
  if ok and type(record) == 'table' and type(record.sessionid) == 'string' then return record.sessionid end
  return false
end
local function by_session(session)
  local name = redis.call('HGET', KEYS[3], session)
  local record = name and live(name)
  return record and session_of(record) == session and record
end
local function forget_session(name)
  local session = session_of(redis.call('HGET', KEYS[1], name))
  if session and redis.call('HGET', KEYS[3], session) == name then redis.call('HDEL', KEYS[3], session) end
end
local function drop(name)
  forget_session(name)
  redis.call('HDEL', KEYS[1], name)
  redis.call('ZREM', KEYS[2], name)
end
local function store(name, record, ttl)
  forget_session(name)
  redis.call('HSET', KEYS[1], name, record)
  redis.call('ZADD', KEYS[2], now + ttl, name)
  local session = session_of(record)
  if session and not by_session(session) then redis.call('HSET', KEYS[3], session, name) end
end
`;

/** ARGV: name, record, time to live in ms, nodeId, url. */
const UPSERT = `${PRELUDE}
local held = live(ARGV[1])
if held then
  local record = cjson.decode(held)
  if record.nodeId ~= ARGV[4] and record.url ~= ARGV[5] then return 'held-by-other-node' end
end
store(ARGV[1], ARGV[2], ARGV[3])
return 'stored'`;

/** ARGV: name, nodeId or ''. */
const REMOVE = `${PRELUDE}
local held = live(ARGV[1])
if held and ARGV[2] ~= '' and cjson.decode(held).nodeId ~= ARGV[2] then return 'held-by-other-node' end
drop(ARGV[1])
return held and 'removed' or 'absent'`;

/** ARGV: name, record, time to live in ms, nodeId of the holder. */
const TRANSFER = `${PRELUDE}
local held = live(ARGV[1])
if not held then return 'absent' end
if cjson.decode(held).nodeId ~= ARGV[4] then return 'held-by-other-node' end
store(ARGV[1], ARGV[2], ARGV[3])
return 'transferred'`;

/** ARGV: name. */
const RESOLVE = `${PRELUDE}
return live(ARGV[1])`;

/** ARGV: session id. */
const FIND_BY_SESSION = `${PRELUDE}
return by_session(ARGV[1])`;

/** Sweeps what has expired, so that rooms of dead nodes cost nothing for long. */
const LIST = `${PRELUDE}
for _, name in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now)) do drop(name) end
return redis.call('HVALS', KEYS[1])`;

export function createRedisRoomRegistry(
  redis: RedisConnection,
  options: RoomRegistryOptions = {},
): HandoverRegistry {
  const { ttlMs = ROOM_TTL_MS } = options;
  const evaluate = (script: string, args: string[]) =>
    redis.run((client) => client.eval(script, { keys: KEYS, arguments: args }));

  return {
    async upsert(record) {
      const { room_name: name, nodeId, url } = record;
      return (await evaluate(UPSERT, [
        name,
        JSON.stringify(record),
        String(ttlMs),
        nodeId,
        url,
      ])) as UpsertOutcome;
    },
    remove: async (roomName, nodeId) => (await evaluate(REMOVE, [roomName, nodeId ?? ''])) as RemoveOutcome,
    async transfer(roomName, fromNodeId, record, lifeMs) {
      const args = [roomName, JSON.stringify(record), String(lifeMs), fromNodeId];
      return (await evaluate(TRANSFER, args)) as TransferOutcome;
    },
    async resolve(roomName) {
      const json = (await evaluate(RESOLVE, [roomName])) as string | null;
      return json === null ? undefined : parseRecord(json);
    },
    async findBySession(sessionid) {
      const json = (await evaluate(FIND_BY_SESSION, [sessionid])) as string | null;
      return json === null ? undefined : parseRecord(json);
    },
    async list() {
      const records = (await evaluate(LIST, [])) as string[];
      return records.flatMap((json) => parseRecord(json) ?? []);
    },
  };
}

/** Redis is a boundary too: a record some other program spoiled must not break the list. */
function parseRecord(json: string): RoomRecord | undefined {
  try {
    return roomRecord.safeParse(JSON.parse(json)).data;
  } catch {
    return undefined;
  }
}
