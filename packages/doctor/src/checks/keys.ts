import type { Finding } from '@romm-netplay/protocol';
import { logsOf, pathBelow, type Setting } from '../advice.js';
import { fault, ok, skipped } from '../findings.js';
import type { AuthFacts } from '../observe.js';

/** Keys must be renewable within the day. */
const MAX_KEY_AGE_SECONDS = 86_400;

/** The published keys: there, and not kept for too long. */
export function checkKeys({ keys, base }: AuthFacts, setting: Setting): Finding[] {
  const published = keys.kind === 'answer' ? keys.json?.['keys'] : undefined;
  if (keys.kind === 'none' || !Array.isArray(published))
    return [skipped('auth-keys', 'The keys of auth cannot be read.')];
  if (published.length === 0) {
    return [
      fault(
        'auth-keys',
        `${base} publishes no keys; every token will be refused.`,
        `Look at the log of auth${logsOf(['auth'], setting)}: its database or KEY_ENCRYPTION_KEY is at fault.`,
      ),
    ];
  }
  const maxAge = Number(/max-age=(\d+)/.exec(keys.headers.get('cache-control') ?? '')?.[1] ?? 0);
  if (maxAge > MAX_KEY_AGE_SECONDS || Number(keys.headers.get('age') ?? 0) > MAX_KEY_AGE_SECONDS) {
    return [
      fault(
        'auth-keys',
        `The keys of ${base} are kept for days on the way; after a rotation tokens will be refused.`,
        `Make the proxy leave the Cache-Control of ${pathBelow(base, '/.well-known/')} as it is.`,
      ),
    ];
  }
  return [ok('auth-keys', `${base} publishes ${published.length} key(s).`)];
}
