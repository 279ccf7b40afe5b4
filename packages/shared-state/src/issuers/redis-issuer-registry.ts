import { type RegisteredIssuer, registeredIssuer } from '@romm-netplay/protocol';
import type { RedisConnection } from '../redis/connection.js';
import { type IssuerRegistry, MAX_ISSUERS } from './issuer-registry.js';

/** Issuer to its version, a space and the record; and the version of the last change. One hash tag. */
export const ISSUER_RECORDS_KEY = 'sfu:{issuers}:records';
export const ISSUER_VERSION_KEY = 'sfu:{issuers}:version';
const KEYS = [ISSUER_RECORDS_KEY, ISSUER_VERSION_KEY];

/**
 * A version is not below the time of the Redis server, so none comes again after Redis was emptied. Something
 * without a version in front was not written here, and counts as absent.
 */
const PRELUDE = `
local held = redis.call('HGET', KEYS[1], ARGV[1])
local version = held and string.match(held, '^(%d+) ')
local function nextVersion()
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  local last = tonumber(redis.call('GET', KEYS[2]) or '0') or 0
  local following = string.format('%.0f', math.max(last + 1, now))
  redis.call('SET', KEYS[2], following)
  return following
end
`;

/** ARGV: issuer, expected version or '', record, most issuers. Answers the new version. */
const PUT = `${PRELUDE}
if (version or '') ~= ARGV[2] then return 'conflict' end
if not held and redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[4]) then return 'full' end
local following = nextVersion()
redis.call('HSET', KEYS[1], ARGV[1], following .. ' ' .. ARGV[3])
return following`;

/** ARGV: issuer, expected version. */
const REMOVE = `${PRELUDE}
if version ~= ARGV[2] then return 'conflict' end
redis.call('HDEL', KEYS[1], ARGV[1])
nextVersion()
return 'removed'`;

/** Answers the version, then the entries. */
const LIST = `
local found = redis.call('HVALS', KEYS[1])
table.insert(found, 1, redis.call('GET', KEYS[2]) or '0')
return found`;

export function createRedisIssuerRegistry(redis: RedisConnection): IssuerRegistry {
  const evaluate = (script: string, args: string[]) =>
    redis.run((client) => client.eval(script, { keys: KEYS, arguments: args }));

  return {
    version: async () => Number((await redis.run((client) => client.get(ISSUER_VERSION_KEY))) ?? 0),
    async list() {
      const [version = '0', ...entries] = (await evaluate(LIST, [])) as string[];
      return { version: Number(version), issuers: entries.flatMap(parseEntry) };
    },
    async put(draft, expected) {
      const args = [draft.issuer, String(expected ?? ''), JSON.stringify(draft), String(MAX_ISSUERS)];
      const answer = (await evaluate(PUT, args)) as string;
      if (answer === 'conflict' || answer === 'full') return { outcome: answer };
      return { outcome: 'stored', issuer: { ...draft, version: Number(answer) } };
    },
    async remove(issuer, expected) {
      return (await evaluate(REMOVE, [issuer, String(expected)])) as 'removed' | 'conflict';
    },
  };
}

/** A record some other program spoiled is left out: nobody is trusted by mistake. */
function parseEntry(entry: string): RegisteredIssuer[] {
  const space = entry.indexOf(' ');
  try {
    const record = JSON.parse(entry.slice(space + 1)) as object;
    const parsed = registeredIssuer.safeParse({ ...record, version: Number(entry.slice(0, space)) });
    return parsed.success ? [parsed.data] : [];
  } catch {
    return [];
  }
}
