import type { Replies, RequestData, RequestType } from '@romm-netplay/protocol';
import type { Caller } from '../rooms/caller.js';
import { reportFrame, setReady } from '../rooms/get-ready.js';
import { joinRoom, type JoinRoomDeps } from '../rooms/join-room.js';
import { kickPlayer } from '../rooms/kick-player.js';
import { leaveRoom } from '../rooms/leave-room.js';
import { listRoomsFor } from '../rooms/list-rooms.js';
import { openRoom, type OpenRoomDeps } from '../rooms/open-room.js';
import { pauseGame, resumeGame } from '../rooms/pause-game.js';
import { resumeRoom } from '../rooms/resume-room.js';
import { returnToLobby } from '../rooms/return-to-lobby.js';
import { sendChat, type SendChatDeps, sendData, sendSignal } from '../rooms/send-message.js';
import { startGame, type StartGameDeps } from '../rooms/start-game.js';
import { transferOwnership } from '../rooms/transfer-ownership.js';
import { unbanPlayer } from '../rooms/unban-player.js';
import { updatePlayerMetadata, updateRoomMetadata } from '../rooms/update-metadata.js';
import { updatePlayerSlot } from '../rooms/update-player-slot.js';
import { updateRoom } from '../rooms/update-room.js';

/** Every request but `hello`, which makes the caller. */
export type RoomRequestType = Exclude<RequestType, 'hello'>;

export type RequestHandlers = {
  readonly [T in RoomRequestType]: (caller: Caller, data: RequestData<T>) => Replies[T] | Promise<Replies[T]>;
};

export type RequestHandlersDeps = OpenRoomDeps & JoinRoomDeps & SendChatDeps & StartGameDeps;

/** The use case behind each request; a request without one does not compile. */
export function createRequestHandlers(deps: RequestHandlersDeps): RequestHandlers {
  return unlessMoving(deps, {
    'open-room': (caller, data) => openRoom(deps, caller, data),
    'join-room': (caller, data) => joinRoom(deps, caller, data),
    'resume-room': (caller, data) => resumeRoom(deps, caller, data),
    'leave-room': (caller) => {
      leaveRoom(deps, caller);
      return {};
    },
    'list-rooms': async ({ player }, data) => ({ rooms: await listRoomsFor(deps, player, data) }),
    'update-room': (caller, data) => updateRoom(deps, caller, data),
    'update-room-metadata': (caller, data) => updateRoomMetadata(deps, caller, data),
    'update-player-metadata': updatePlayerMetadata,
    'update-player-slot': (caller, data) => updatePlayerSlot(deps, caller, data),
    'transfer-ownership': (caller, data) => transferOwnership(deps, caller, data),
    'kick-player': (caller, data) => kickPlayer(deps, caller, data),
    'unban-player': unbanPlayer,
    'player-ready': (caller) => setReady(deps, caller, true),
    'player-unready': (caller) => setReady(deps, caller, false),
    'start-game': (caller, data) => startGame(deps, caller, data),
    'ready-at-frame-1': (caller, data) => reportFrame(deps, caller, data),
    'netplay-host-paused': (caller, data) => pauseGame(deps, caller, data),
    'netplay-host-resumed': (caller) => resumeGame(deps, caller),
    'return-to-lobby': (caller) => returnToLobby(deps, caller),
    'chat-message': (caller, data) => sendChat(deps, caller, data),
    'data-message': sendData,
    'webrtc-signal': sendSignal,
  });
}

/** Whoever sits in a room that is on its way to another node changes it there: here it would be lost. */
function unlessMoving({ directory }: RequestHandlersDeps, handlers: RequestHandlers): RequestHandlers {
  const guarded = Object.entries(handlers).map(([type, handle]) => [
    type,
    (caller: Caller, data: never) => {
      if (caller.room?.heldBy(caller) !== undefined) directory.assertChangeable(caller.room);
      return (handle as (caller: Caller, data: never) => unknown)(caller, data);
    },
  ]);
  return Object.fromEntries(guarded) as RequestHandlers;
}
