import type { Replies, RequestData, RequestType } from '@romm-netplay/protocol';
import type { Caller } from '../rooms/caller.js';
import { joinRoom, type JoinRoomDeps } from '../rooms/join-room.js';
import { leaveRoom } from '../rooms/leave-room.js';
import { listRooms } from '../rooms/list-rooms.js';
import { openRoom } from '../rooms/open-room.js';
import { resumeRoom } from '../rooms/resume-room.js';
import { sendChat, type SendChatDeps, sendData, sendSignal } from '../rooms/send-message.js';

/** Every request but `hello`, which makes the caller. */
export type RoomRequestType = Exclude<RequestType, 'hello'>;

export type RequestHandlers = {
  readonly [T in RoomRequestType]: (caller: Caller, data: RequestData<T>) => Replies[T] | Promise<Replies[T]>;
};

export type RequestHandlersDeps = JoinRoomDeps & SendChatDeps;

/** The use case behind each request; a request without one does not compile. */
export function createRequestHandlers(deps: RequestHandlersDeps): RequestHandlers {
  return {
    'open-room': (caller, data) => openRoom(deps, caller, data),
    'join-room': (caller, data) => joinRoom(deps, caller, data),
    'resume-room': (caller, data) => resumeRoom(deps, caller, data),
    'leave-room': (caller) => {
      leaveRoom(deps, caller);
      return {};
    },
    'list-rooms': async () => ({ rooms: await listRooms(deps) }),
    'chat-message': (caller, data) => sendChat(deps, caller, data),
    'data-message': sendData,
    'webrtc-signal': sendSignal,
  };
}
