import { type LiveNode, liveNode } from '@romm-netplay/protocol';
import type { RedisConnection } from '../redis/connection.js';
import {
  MAX_NODES,
  NODE_TTL_MS,
  type NodeRegistry,
  type NodeRegistryOptions,
  type NodeUpsertOutcome,
} from './node-registry.js';

/**
 * Node id to record, and node id to time of expiry. One hash tag, so that a script may touch both in a
 * Cluster. Times are those of the Redis server.
 */
export const NODE_RECORDS_KEY = 'sfu:{nodes}:records';
export const NODE_EXPIRIES_KEY = 'sfu:{nodes}:expiries';
const KEYS = [NODE_RECORDS_KEY, NODE_EXPIRIES_KEY];

/** Begins by sweeping what has expired, so whatever is left is live. */
const PRELUDE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function drop(id)
  redis.call('HDEL', KEYS[1], id)
  redis.call('ZREM', KEYS[2], id)
end
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now)) do drop(id) end
`;

/** ARGV: id, record, time to live in ms, url, most nodes, '1' if auth writes. A record that cannot be read gives way. */
const UPSERT = `${PRELUDE}
local held = redis.call('HGET', KEYS[1], ARGV[1])
local function read(json)
  local readable, record = pcall(cjson.decode, json)
  return readable and type(record) == 'table' and record or {}
end
local record = held and read(held) or {}
local isRival = record.url and record.url ~= ARGV[4]
local byAuth = ARGV[6] == '1'
local alike = 0
for _, json in ipairs(redis.call('HVALS', KEYS[1])) do
  local other = read(json)
  if (other.byAuth == true) == byAuth then alike = alike + 1 end
  local isSame = other.nodeId == ARGV[1] or other.url == ARGV[4]
  if byAuth and isSame and other.byAuth ~= true then return 'held-by-other-node' end
end
if isRival and (byAuth or record.byAuth ~= true) then return 'held-by-other-node' end
if not held and alike >= tonumber(ARGV[5]) then return 'full' end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('ZADD', KEYS[2], now + ARGV[3], ARGV[1])
return 'stored'`;

/** ARGV: id, time the life to remove started. */
const REMOVE = `${PRELUDE}
local held = redis.call('HGET', KEYS[1], ARGV[1])
if held and string.format('%.0f', cjson.decode(held).startedAtMs) == ARGV[2] then drop(ARGV[1]) end
return 1`;

/** Answers the time, then id, expiry and record of each node. */
const LIST = `${PRELUDE}
local found = { tostring(now) }
local expiries = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', '+inf', 'WITHSCORES')
for i = 1, #expiries, 2 do
  local record = redis.call('HGET', KEYS[1], expiries[i])
  if record then
    found[#found + 1] = expiries[i + 1]
    found[#found + 1] = record
  end
end
return found`;

export function createRedisNodeRegistry(
  redis: RedisConnection,
  options: NodeRegistryOptions = {},
): NodeRegistry {
  const { ttlMs = NODE_TTL_MS } = options;
  const evaluate = (script: string, args: string[]) =>
    redis.run((client) => client.eval(script, { keys: KEYS, arguments: args }));

  return {
    async upsert(record) {
      const { nodeId, url } = record;
      const byAuth = record.byAuth === true ? '1' : '0';
      const args = [nodeId, JSON.stringify(record), String(ttlMs), url, String(MAX_NODES), byAuth];
      return (await evaluate(UPSERT, args)) as NodeUpsertOutcome;
    },
    async remove(nodeId, startedAtMs) {
      await evaluate(REMOVE, [nodeId, String(startedAtMs)]);
    },
    async list() {
      const [nowMs = '0', ...found] = (await evaluate(LIST, [])) as string[];
      const nodes: LiveNode[] = [];
      for (let i = 0; i < found.length; i += 2) {
        const [expiry = '', json = ''] = found.slice(i, i + 2);
        const node = parseNode(json, Number(nowMs) - (Number(expiry) - ttlMs));
        if (node !== undefined) nodes.push(node);
      }
      return nodes;
    },
  };
}

/** A record some other program spoiled is left out. */
function parseNode(json: string, ageMs: number): LiveNode | undefined {
  try {
    const record = JSON.parse(json) as object;
    return liveNode.safeParse({ ...record, ageMs: Math.max(0, Math.round(ageMs)) }).data;
  } catch {
    return undefined;
  }
}
