import type { Caller } from './caller.js';
import type { TellDeps } from './tell-changed.js';
import { tellLeft } from './tell-left.js';

/** Takes the caller out of their room, if they are in one; their place is free at once. */
export function leaveRoom(deps: TellDeps, caller: Caller): void {
  const { room } = caller;
  caller.room = undefined;
  const member = room?.heldBy(caller);
  if (room === undefined || member === undefined) return;
  room.leave(member.id, deps.directory.mayOwnMore);
  tellLeft(deps, room);
}
