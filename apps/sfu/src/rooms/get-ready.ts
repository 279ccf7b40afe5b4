import type { RequestData } from '@romm-netplay/protocol';
import { type Caller, slotOf } from './caller.js';
import { tellGame, type TellDeps } from './tell-changed.js';

/** A player in the lobby is ready to start, or is not any more. */
export function setReady(deps: TellDeps, caller: Caller, isReady: boolean): Record<string, never> {
  const { room, memberId } = slotOf(caller);
  room.setReady(memberId, isReady);
  tellGame(deps, room);
  return {};
}

/** A player has loaded the game and stands at its first frame. */
export function reportFrame(
  deps: TellDeps,
  caller: Caller,
  { frame }: RequestData<'ready-at-frame-1'>,
): Record<string, never> {
  const { room, memberId } = slotOf(caller);
  room.reportFrame(memberId, frame);
  tellGame(deps, room);
  return {};
}
