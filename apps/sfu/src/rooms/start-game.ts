import type { Replies, RequestData } from '@romm-netplay/protocol';
import { broadcast } from './broadcast.js';
import { type Caller, ownedRoom } from './caller.js';
import { assertMayAnnounce } from './news.js';
import { tellGame, type TellDeps } from './tell-changed.js';

export interface StartGameDeps extends TellDeps {
  /** 0 to 2^32 - 1, random. */
  readonly newSeed: () => number;
}

const START_FRAME = 1;

/** Has every connected player load the game; it runs when all have reported their first frame. */
export function startGame(
  deps: StartGameDeps,
  caller: Caller,
  { delay }: RequestData<'start-game'>,
): Replies['start-game'] {
  const room = ownedRoom(caller);
  assertMayAnnounce(room);
  const launch = { seed: deps.newSeed(), delay, start_frame: START_FRAME };
  room.start(launch);
  tellGame(deps, room);
  broadcast(room, 'game-launch', launch);
  return launch;
}
