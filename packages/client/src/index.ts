export { CHANNELS, type Channel, type ReceivedFrame } from '@romm-netplay/protocol/wire';
export {
  createNetplayClient,
  type Identity,
  type NetplayClient,
  type NetplayEvents,
  type NetplayOptions,
} from './client.js';
export { type NetplayErrorCode, NetplayError } from './errors.js';
export { isAnnounced } from './hosting-node.js';
export {
  type Closed,
  connectNetplay,
  type NetplaySocket,
  type NetplaySocketOptions,
  type ServerEvent,
} from './netplay-socket.js';
export type { Player } from './player.js';
export type { NetplayRoom, RoomEvents, RoomRequest, RoomState } from './room.js';
export type { ChannelLike, LocksLike, StorageLike } from './runtime.js';
export type { JoinRoomOptions, OpenRoomOptions } from './seats.js';
export type { Credentials } from './session.js';
export type { TokenType } from './tokens.js';
export type { WebSocketConstructor, WebSocketLike } from './web-socket.js';
