import type { RequestData } from '@romm-netplay/protocol';
import { broadcast } from './broadcast.js';
import { type Caller, ownedRoom } from './caller.js';
import { assertMayAnnounce } from './news.js';
import { tellGame, type TellDeps } from './tell-changed.js';

export function pauseGame(
  deps: TellDeps,
  caller: Caller,
  { text }: RequestData<'netplay-host-paused'>,
): Record<string, never> {
  const room = ownedRoom(caller);
  assertMayAnnounce(room);
  room.pause();
  tellGame(deps, room);
  broadcast(room, 'netplay-host-paused', text === undefined ? {} : { text });
  return {};
}

export function resumeGame(deps: TellDeps, caller: Caller): Record<string, never> {
  const room = ownedRoom(caller);
  assertMayAnnounce(room);
  room.unpause();
  tellGame(deps, room);
  broadcast(room, 'netplay-host-resumed', {});
  return {};
}
