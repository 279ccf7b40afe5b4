import type { Audit } from '@romm-netplay/service-kit';
import { LRUCache } from 'lru-cache';
import type { LoginEvent } from '../sign-in/login.js';

/** As long as one address is refused for (LOGIN_LIMITS). */
const TOLD_AGAIN_MS = 15 * 60_000;

/**
 * Every try to sign in is in the log, but those that are refused unseen because there were too many: what is counted
 * and bounded for its sender is not to be a flood in the log.
 */
export function createLoginAudit(audit: Audit): (event: LoginEvent) => void {
  const refused = new LRUCache<string, true>({ max: 10_000, ttl: TOLD_AGAIN_MS });
  return (event) => {
    if (event.outcome === 'too_many_attempts') {
      if (refused.has(event.address)) return;
      refused.set(event.address, true);
    }
    audit('login', { ...event });
  };
}
