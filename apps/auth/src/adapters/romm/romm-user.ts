import { z } from 'zod';
import { netplayNameOf } from '../../identity/netplay-name.js';
import type { Identity } from '../../ports.js';

/** What RomM said of a credential. */
export type RommVerdict =
  | { readonly is: 'user'; readonly identity: Identity }
  /** Nobody is signed in by it. */
  | { readonly is: 'nobody' }
  /** The visitor of RomM's kiosk mode, whom RomM shows to everyone who is not signed in. */
  | { readonly is: 'kiosk' }
  | { readonly is: 'disabled' };

export const NOBODY: RommVerdict = { is: 'nobody' };

/**
 * What has to be known of a user, and what is welcome: members come and go with RomM's releases, and one that is
 * left out is the same as null. Only the fork of romm-sfu-server has a `netplayid`; 4.4 has no `ui_settings`.
 */
export const rommUser = z.object({
  id: z.union([z.int(), z.string().min(1).max(64)]),
  username: z.string().min(1),
  enabled: z.boolean(),
  role: z.unknown().optional(),
  netplayid: z.unknown().optional(),
  ui_settings: z.unknown().optional(),
});
export type RommUser = z.output<typeof rommUser>;

/** Subjects of accounts kept here; nobody else may be one. */
const RESERVED_PREFIX = 'local:';
/** What a token can carry. */
const MAX_SUBJECT_LENGTH = 255;

/** Turns RomM's user into ours; `onWarning` is told why somebody RomM knows cannot play. */
export function judgeUser(user: RommUser, onWarning: (message: string) => void): RommVerdict {
  if (Number(user.id) < 0) return { is: 'kiosk' };
  if (!user.enabled) return { is: 'disabled' };
  const { netplayid, username, role } = user;
  const sub = typeof netplayid === 'string' && netplayid.trim() !== '' ? netplayid : username;
  const fault = faultOf(sub);
  if (fault !== undefined) {
    onWarning(`RomM user ${user.id} cannot play: the netplay id, or else the username, ${fault}.`);
    return NOBODY;
  }
  const netplayUsername = netplayNameOf(user) ?? `Player-${user.id}`;
  const ourRole = role === 'admin' ? 'admin' : 'player';
  return { is: 'user', identity: { sub, netplayUsername, role: ourRole, externalId: String(user.id) } };
}

function faultOf(sub: string): string | undefined {
  if (sub.startsWith(RESERVED_PREFIX)) return `begins with "${RESERVED_PREFIX}"`;
  if (sub.length > MAX_SUBJECT_LENGTH) return `is longer than ${MAX_SUBJECT_LENGTH} characters`;
  if (/[\p{Cc}\p{Cs}]/u.test(sub)) return 'contains control characters';
  return undefined;
}
