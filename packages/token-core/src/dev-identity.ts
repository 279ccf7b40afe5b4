import { createHash } from 'node:crypto';
import type { Subject } from './claims.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Whom a bare persistent id (UUID) stands for in development mode (S3); undefined when it is none. */
export function devSubject(id: string): Required<Pick<Subject, 'sub' | 'netplayUsername'>> | undefined {
  if (!UUID.test(id)) return undefined;
  const sub = id.toLowerCase();
  // The id is what signs the player in, so the name others see must not contain it.
  const tag = createHash('sha256').update(sub).digest('hex').slice(0, 6);
  return { sub, netplayUsername: `Player-${tag}` };
}
