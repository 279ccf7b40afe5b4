import { type RegisteredIssuer, registeredIssuer } from '@romm-netplay/protocol';
import type { RedisConnection } from '../redis/connection.js';
import type { PublishedIssuers } from './issuer-feed.js';

/** A hash of the version and the list, so that neither is ever there without the other. */
export const PUBLISHED_ISSUERS_KEY = 'sfu:issuers';
const VERSION = 'version';
const LIST = 'list';

/** ARGV: version, list. What is held counts as it does for readers. */
const PUBLISH = `
local held = redis.call('HGET', KEYS[1], '${VERSION}') or ''
if not string.match(held, '^%d+$') or #held > 15 then held = '0' end
if tonumber(held) < tonumber(ARGV[1]) then
  redis.call('HSET', KEYS[1], '${VERSION}', ARGV[1], '${LIST}', ARGV[2])
end`;

export function createRedisPublishedIssuers(redis: RedisConnection): PublishedIssuers {
  return {
    version: async () => toVersion(await redis.run((client) => client.hGet(PUBLISHED_ISSUERS_KEY, VERSION))),
    async list() {
      const [version, list] = await redis.run((client) =>
        client.hmGet(PUBLISHED_ISSUERS_KEY, [VERSION, LIST]),
      );
      return { version: toVersion(version), issuers: parseList(list ?? '[]') };
    },
    async publish({ version, issuers }) {
      const args = [String(version), JSON.stringify(issuers)];
      await redis.run((client) => client.eval(PUBLISH, { keys: [PUBLISHED_ISSUERS_KEY], arguments: args }));
    },
  };
}

/** One that some other program spoiled counts as none, so that auth publishes again. */
const toVersion = (text: string | null | undefined): number =>
  /^\d{1,15}$/.test(text ?? '') ? Number(text) : 0;

/** A record some other program spoiled is left out: nobody is trusted by mistake. */
function parseList(text: string): RegisteredIssuer[] {
  try {
    const list: unknown = JSON.parse(text);
    if (!Array.isArray(list)) return [];
    return list.flatMap((record) => {
      const parsed = registeredIssuer.safeParse(record);
      return parsed.success ? [parsed.data] : [];
    });
  } catch {
    return [];
  }
}
