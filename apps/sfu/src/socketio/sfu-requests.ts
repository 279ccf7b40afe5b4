import type { ListedRoom, Replies } from '@romm-netplay/protocol';
import type { SocketErrorCode } from '@romm-netplay/protocol/wire';
import { SocketError } from '../errors.js';
import { membershipOf } from '../rooms/caller.js';
import { callerOf, type ConnectionContext, type LegacyHandler, ownRoom } from './connection-context.js';
import { joinRoom, openRoom } from './enter-room.js';
import { memberExtraOf, roomExtraOf } from './legacy-game.js';
import { LegacyRefusal } from './legacy-refusal.js';
import { SPECTATOR_SLOT } from './legacy-users.js';
import { chat, inRoom, type LegacyInRoom, signal } from './payloads.js';
import { listedRoom, roomState } from './room-state.js';

type Wording = Partial<Record<SocketErrorCode, string>>;

const LOBBY: Wording = { wrong_phase: 'not in delay sync lobby' };

/** An event that names its room and becomes one request of netplay.v1. */
function request(
  type: string,
  dataOf: (payload: LegacyInRoom) => object = () => ({}),
  { words = {}, answer = () => [null] }: { words?: Wording; answer?: (reply: unknown) => unknown[] } = {},
): LegacyHandler {
  return async (context, payload) => {
    const fields = inRoom.parse(payload);
    const room = ownRoom(context, fields.roomName);
    try {
      return answer(await context.session.handle(type, dataOf(fields)));
    } catch (error) {
      throw reworded(error, room.extra.netplay_mode === 'delay_sync', words);
    }
  };
}

/** Today's clients say the same refusal differently for each event. */
function reworded(error: unknown, delaySync: boolean, words: Wording): unknown {
  if (!(error instanceof SocketError)) return error;
  const said = error.code === 'wrong_phase' && !delaySync ? 'not a delay sync room' : words[error.code];
  return said === undefined ? error : new LegacyRefusal(said, { cause: error });
}

const ready = request('player-ready', undefined, { words: LOBBY });
const unready = request('player-unready', undefined, { words: LOBBY });
const startDelay = ({ delay }: LegacyInRoom) => (delay === undefined ? {} : { delay });

const toggleReady: LegacyHandler = (context, payload) => {
  const room = ownRoom(context, inRoom.parse(payload).roomName);
  const { clientId } = callerOf(context);
  const isReady = room.users().some((user) => user.client_id === clientId && user.ready);
  return (isReady ? unready : ready)(context, payload);
};

const leaveRoom: LegacyHandler = async (context, payload) => {
  const { roomName } = inRoom.parse(payload);
  if (roomName !== undefined) ownRoom(context, roomName);
  await context.session.handle('leave-room', {});
  context.outbox.left();
  context.aliases.forget(context.session.clientId);
  return [null];
};

const requestRoomState: LegacyHandler = (context, payload) => {
  const room = ownRoom(context, inRoom.parse(payload).roomName);
  const state = roomState(room.snapshot());
  context.outbox.emit('users-updated', state.users);
  return [null, state];
};

async function rooms(context: ConnectionContext): Promise<object[]> {
  if (!context.rates.mayList()) throw new SocketError('busy');
  const { rooms: listed } = (await context.session.handle('list-rooms', {})) as { rooms: ListedRoom[] };
  return listed.map(listedRoom);
}

/** Whoever asks gets the list, and nobody else (D26). */
const requestRoomList: LegacyHandler = async (context) => {
  const listed = await rooms(context);
  context.outbox.emit('rooms-updated', listed);
  return [null, listed];
};

const webrtcSignal: LegacyHandler = async (context, payload) => {
  const { target, ...parts } = signal.parse(payload);
  const { room } = membershipOf(callerOf(context));
  const host = room.users().find((user) => user.is_owner)?.client_id;
  await context.session.handle('webrtc-signal', { target: target === 'host' ? host : target, signal: parts });
  return [null];
};

const chatMessage: LegacyHandler = async (context, payload) => {
  const said = await context.session.handle('chat-message', chat.parse(payload));
  return [null, { messageId: (said as Replies['chat-message']).message_id }];
};

function slotOf({ playerSlot }: LegacyInRoom): { slot: number | null } {
  if (playerSlot === SPECTATOR_SLOT || playerSlot === null) return { slot: null };
  if (
    typeof playerSlot === 'number' &&
    Number.isInteger(playerSlot) &&
    playerSlot >= 0 &&
    playerSlot < SPECTATOR_SLOT
  )
    return { slot: playerSlot };
  throw new SocketError('invalid_slot');
}

const joinInfo = ({ romHash, emulatorId, emulatorVersion, metadata }: LegacyInRoom) => ({
  metadata: memberExtraOf({ ...metadata, romHash, coreId: emulatorId, coreVersion: emulatorVersion }),
});

const compatibility = (reply: unknown): unknown[] => {
  const { compatibility: status } = reply as Replies['update-player-metadata'];
  return [null, { compatible: status !== 'mismatch' && status !== 'missing', status }];
};

/** This node relays the media of nobody. */
const noMedia: LegacyHandler = () => {
  throw new LegacyRefusal('sfu unavailable');
};
const MEDIA = [
  'sfu-get-router-rtp-capabilities',
  'sfu-create-transport',
  'sfu-connect-transport',
  'sfu-restart-ice',
  'sfu-recreate-transports',
  'sfu-produce',
  'sfu-producedata',
  'sfu-consume',
  'sfu-consumedata',
  'sfu-get-producers',
  'sfu-get-data-producers',
] as const;

/** Every event that is answered in turn, by name; a map, so that no name reaches what every object has. */
export const REQUEST_EVENTS: ReadonlyMap<string, LegacyHandler> = new Map<string, LegacyHandler>([
  ['open-room', openRoom],
  ['create-room', openRoom],
  ['join-room', joinRoom],
  ['leave-room', leaveRoom],
  ['request-room-state', requestRoomState],
  ['request-room-list', requestRoomList],
  ['get-open-rooms', async (context) => [null, await rooms(context)]],
  ['player-ready', ready],
  ['player-unready', unready],
  ['toggle-ready', toggleReady],
  ['launch-game', request('start-game', startDelay, { words: { ...LOBBY, not_owner: 'not room owner' } })],
  ['start-game', request('start-game', startDelay, { words: { ...LOBBY, not_owner: 'not host' } })],
  [
    'ready-at-frame-1',
    request('ready-at-frame-1', ({ frame = 1 }) => ({ frame }), {
      words: { wrong_phase: 'not in prepare phase' },
    }),
  ],
  ['update-player-slot', request('update-player-slot', slotOf)],
  ['join-info', request('update-player-metadata', joinInfo, { answer: compatibility })],
  [
    'update-room-metadata',
    request('update-room-metadata', ({ metadata }) => {
      // These clients repeat the game in words of their own; a room is of the one that it was opened for.
      const { game_id: _ofRoom, ...changes } = roomExtraOf(metadata);
      return { metadata: changes };
    }),
  ],
  [
    'update-player-metadata',
    request('update-player-metadata', ({ metadata }) => ({ metadata: memberExtraOf(metadata) })),
  ],
  ['netplay-host-paused', request('netplay-host-paused', ({ text }) => (text === undefined ? {} : { text }))],
  ['netplay-host-resumed', request('netplay-host-resumed')],
  ['webrtc-signal', webrtcSignal],
  ['chat-message', chatMessage],
  ['sfu-available', () => [{ available: false }]],
  ...MEDIA.map((event) => [event, noMedia] as const),
]);
