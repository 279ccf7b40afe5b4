import type { Compatibility, RoomUser } from '@romm-netplay/protocol';
import { legacyMemberGame } from './legacy-game.js';
import { legacyUserId } from './legacy-id.js';

/** The slot that today's clients read as "watches". */
export const SPECTATOR_SLOT = 8;

/**
 * The members of a room as clients of romm-sfu-server read them. Everything but the game comes from the
 * server: who somebody is, their name, and whether they are the host (D22).
 */
export const sfuUsers = (users: readonly RoomUser[]) =>
  Object.fromEntries(
    users.map((user) => [
      legacyUserId(user.player_id),
      {
        ...legacyMemberGame(user.extra),
        ...identityOf(user),
        userid: legacyUserId(user.player_id),
        netplay_username: user.name,
        socket_id: user.client_id,
        player_slot: user.slot ?? SPECTATOR_SLOT,
        is_spectator: user.slot === null,
        is_host: user.is_owner,
        ready: user.ready,
        ...validationOf(user),
        reconnecting: !user.connected,
      },
    ]),
  );
export type SfuUsers = ReturnType<typeof sfuUsers>;

/**
 * What the members of a room are called for stock clients, by connection: the id that they made up, for whoever came
 * with it first; nobody is called as another would be.
 *
 * @param users in the order they came
 */
export function stockIds(
  users: readonly RoomUser[],
  aliasOf: (clientId: string) => string | undefined,
): ReadonlyMap<string, string> {
  const taken = new Set(users.map((user) => legacyUserId(user.player_id)));
  return new Map(
    users.map((user) => {
      const alias = aliasOf(user.client_id);
      if (alias === undefined || taken.has(alias)) return [user.client_id, legacyUserId(user.player_id)];
      taken.add(alias);
      return [user.client_id, alias];
    }),
  );
}

/**
 * The players as stock EmulatorJS reads them: only who is there, by slot, because the place in the list is
 * the number of the controller; each by the id they made up for themselves, where they did.
 */
export function stockPlayers(
  users: readonly RoomUser[],
  aliasOf: (clientId: string) => string | undefined,
): Record<string, object> {
  const ids = stockIds(users, aliasOf);
  const there = users
    .filter((user) => user.connected)
    .sort((a, b) => (a.slot ?? Infinity) - (b.slot ?? Infinity));
  return Object.fromEntries(
    there.map((user) => {
      const userid = ids.get(user.client_id) ?? legacyUserId(user.player_id);
      return [userid, { ...identityOf(user), userid, playerId: userid }];
    }),
  );
}

const REASONS: Readonly<Record<Compatibility, string | null>> = {
  ready: null,
  unverified: 'ROM or core are not known well enough to be compared.',
  mismatch: 'ROM or core are not those of the room.',
  missing: 'The game of the room is not there.',
};

/** How a member's game compares with that of the room; clients of romm-sfu-server read the last two. */
export const validationOf = ({ compatibility }: RoomUser) => ({
  validation: compatibility,
  validationStatus: compatibility === 'ready' ? 'ok' : compatibility,
  validationReason: REASONS[compatibility],
});

const identityOf = ({ name, client_id: clientId }: RoomUser) => ({ player_name: name, socketId: clientId });
