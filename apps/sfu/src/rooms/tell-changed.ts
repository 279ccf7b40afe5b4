import { broadcast } from './broadcast.js';
import { tellState, tellWaiting } from './news.js';
import type { RoomDirectory } from './room-directory.js';
import type { Room } from './model/room.js';

export interface TellDeps {
  readonly directory: RoomDirectory;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** How long after the last report a game begins: the news has to reach everybody first. */
const START_LEAD_MS = 500;

/** Tells members and registry that who is in a room, or where, has changed. */
export function tellChanged(deps: TellDeps, room: Room): void {
  deps.directory.changed(room);
  tellState(room, 'users-updated');
  tellGame(deps, room);
}

/** Tells members and registry how far the game of a room is, if they do not know yet. */
export function tellGame({ directory, now }: TellDeps, room: Room): void {
  const news = room.takeGameNews();
  if (news === undefined) return;
  tellState(room, 'lobby-state');
  if (news.hasStarted) {
    tellWaiting(room);
    broadcast(room, 'start-game', { frame: news.game.frame, start_time: now() + START_LEAD_MS });
  }
  directory.changed(room);
}

/** Tells members and registry what the owner has made of the room. */
export function tellUpdated(deps: TellDeps, room: Room): void {
  deps.directory.changed(room);
  tellState(room, 'room-updated');
  tellGame(deps, room);
}
