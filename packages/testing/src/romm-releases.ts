/**
 * What released RomM answers at `GET /api/users/me`, read off its public source at the tags named: the class
 * `UserSchema` in `backend/endpoints/responses/identity.py` (members, in this order; FastAPI writes null for
 * what has no value), `backend/decorators/auth.py` (who is not signed in), `backend/models/user.py` (roles, the
 * kiosk visitor) and `backend/handler/auth/hybrid_auth.py` (a disabled user is nobody). What it says of itself to
 * anybody is in `backend/endpoints/heartbeat.py` and `configs.py`, its own netplay, since 4.5, in `netplay.py` and
 * `backend/handler/socket_handler.py`. RomM is AGPL-3.0; these are facts about it in our own words.
 */
export interface RommRelease {
  /** As an administrator knows it; the tag that was read is its last number and `.0`. */
  readonly name: '4.4' | '5.0' | '5.1' | '5.2' | 'sfu-fork';
  readonly version: string;
  /** For a request that nobody is signed in by. 5.2 keeps 403 for who lacks a permission. */
  readonly anonymous: { readonly status: 401 | 403; readonly detail: string };
  /** Of users who are no administrators. */
  readonly role: string;
  /** Beside id, username, enabled and role, with the value that a new account has. */
  readonly members: Readonly<Record<string, unknown>>;
}

const LOGIN = { last_login: '2026-11-01T08:00:00+00:00', last_active: '2026-11-01T09:30:00+00:00' };
const CREATED = { created_at: '2025-03-09T17:20:11+00:00', updated_at: '2026-11-01T09:30:00+00:00' };
const ACHIEVEMENTS = { ra_username: '', ra_progression: { total: 0, results: [] } };

const NO_PERMISSION = { status: 403, detail: 'Forbidden' } as const;

/** 5.0.0, 5.1.0 and 5.2.0 have the same members. */
const MEMBERS_OF_5 = {
  email: 'somebody@example.org',
  permission_group_id: null,
  oauth_scopes: ['me.read', 'roms.read', 'assets.read'],
  avatar_path: '',
  ...LOGIN,
  ...ACHIEVEMENTS,
  ui_settings: null,
  current_device_id: null,
  ...CREATED,
};

const RELEASED: readonly RommRelease[] = [
  {
    name: '4.4',
    version: '4.4.0',
    anonymous: NO_PERMISSION,
    role: 'viewer',
    members: {
      email: 'somebody@example.org',
      oauth_scopes: ['me.read', 'roms.read', 'assets.read'],
      avatar_path: '',
      ...LOGIN,
      ...ACHIEVEMENTS,
      ...CREATED,
    },
  },
  { name: '5.0', version: '5.0.0', anonymous: NO_PERMISSION, role: 'user', members: MEMBERS_OF_5 },
  { name: '5.1', version: '5.1.0', anonymous: NO_PERMISSION, role: 'user', members: MEMBERS_OF_5 },
  {
    name: '5.2',
    version: '5.2.0',
    anonymous: { status: 401, detail: 'Not authenticated' },
    role: 'user',
    members: MEMBERS_OF_5,
  },
];

/** The fork that romm-sfu-server speaks to (rommapp/romm#3147): the only RomM whose users have a `netplayid`. */
export const ROMM_FORK: RommRelease = {
  name: 'sfu-fork',
  version: '5.0.0',
  anonymous: NO_PERMISSION,
  role: 'viewer',
  members: { ...MEMBERS_OF_5, netplayid: null },
};

/** Every RomM that players may come from; tests about RomM run on each. */
export const ROMM_RELEASES: readonly RommRelease[] = [...RELEASED, ROMM_FORK];
