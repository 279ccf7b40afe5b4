import { type Caller, ownedRoom } from './caller.js';
import { tellGame, type TellDeps } from './tell-changed.js';

/** Ends a game, or calls off a start that somebody never gets ready for. */
export function returnToLobby(deps: TellDeps, caller: Caller): Record<string, never> {
  const room = ownedRoom(caller);
  room.returnToLobby();
  tellGame(deps, room);
  return {};
}
