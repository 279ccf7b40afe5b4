import type { Replies, RequestData } from '@romm-netplay/protocol';
import { type Caller, ownedRoom } from './caller.js';
import type { PasswordCheck } from './password.js';
import { tellUpdated, type TellDeps } from './tell-changed.js';

export interface UpdateRoomDeps extends TellDeps {
  readonly passwords: PasswordCheck;
}

/** Changes what the owner may change; what is left out stays as it is. */
export async function updateRoom(
  deps: UpdateRoomDeps,
  caller: Caller,
  { password, ...wish }: RequestData<'update-room'>,
): Promise<Replies['update-room']> {
  const { passwords } = deps;
  const judged = ownedRoom(caller);
  const passwordHash = typeof password === 'string' ? await passwords.newHash(judged, password) : undefined;
  // Asked again after the wait: the caller may have lost the room meanwhile.
  const room = ownedRoom(caller);
  deps.directory.assertChangeable(room);
  room.update({
    ...(password !== undefined && { passwordHash }),
    ...(wish.max_players !== undefined && { maxPlayers: wish.max_players }),
    ...(wish.visibility !== undefined && { visibility: wish.visibility }),
    ...(wish.admits !== undefined && { admits: wish.admits ?? undefined }),
    ...(wish.locked !== undefined && { locked: wish.locked }),
    ...(wish.allow_spectators !== undefined && { allowSpectators: wish.allow_spectators }),
  });
  tellUpdated(deps, room);
  return { room: room.info() };
}
