import type { Events, EventType, RoomPhase, RoomUser } from '@romm-netplay/protocol';
import type { EventMessage } from '../players/event-message.js';
import { forStock } from './for-stock.js';
import { legacyUserId } from './legacy-id.js';
import {
  type SfuUsers,
  sfuUsers,
  SPECTATOR_SLOT,
  stockIds,
  stockPlayers,
  validationOf,
} from './legacy-users.js';

/** What a Socket.IO client gets: the name of an event and its arguments. */
export type Emission = readonly [name: string, ...args: unknown[]];

/** What a receiver was shown before, and how it names others. */
export interface View {
  readonly users: readonly RoomUser[];
  readonly aliasOf: (clientId: string) => string | undefined;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export type EventTranslations = {
  readonly [T in EventType]: (data: Events[T], view: View) => readonly Emission[];
};

export function translateEvent(
  translations: EventTranslations,
  { type, data }: EventMessage,
  view: View,
): readonly Emission[] {
  const translate = translations[type] as (data: unknown, view: View) => readonly Emission[];
  return translate(data, view);
}

const nothing = (): readonly Emission[] => [];
const signalOf = ({ client_id: sender, signal }: Events['webrtc-signal']): readonly Emission[] => [
  ['webrtc-signal', { ...(typeof signal === 'object' ? signal : { signal }), sender }],
];
const dataOf = ({ client_id: sender, data }: Events['data-message']): readonly Emission[] => [
  ['data-message', data, { sender }],
];
/** Stock clients know no redirects; pages around them may. */
const redirectOf = ({ room_name: roomName, url, nodeId }: Events['room-redirect']): readonly Emission[] => [
  ['room-redirect', { room_name: roomName, url, nodeId }],
];
const errorOf = (error: Events['error']): readonly Emission[] => [['netplay-error', error]];

/** Who a receiver knows after an event. */
export function usersAfter({ type, data }: EventMessage, users: readonly RoomUser[]): readonly RoomUser[] {
  if (type === 'users-updated') return (data as Events['users-updated']).users;
  if (type === 'lobby-state') return withReady(users, (data as Events['lobby-state']).ready);
  return type === 'room-closed' || type === 'kicked' ? [] : users;
}

/** For the clients of romm-sfu-server. */
export const SFU_EVENTS: EventTranslations = {
  'users-updated': ({ users }, view) => [['users-updated', sfuUsers(users)], ...changesOf(view.users, users)],
  'room-closed': ({ room_name: roomName }) => [
    ['users-updated', {}],
    ['room-closed', { room_name: roomName, roomName }],
  ],
  'room-updated': nothing,
  'room-redirect': redirectOf,
  kicked: ({ room_name: roomName, banned }) => [
    ['users-updated', {}],
    ['kicked', { room_name: roomName, roomName, banned }],
  ],
  'lobby-state': (state, { users }) => [
    ['lobby-state', sfuLobby(state, users)],
    ...readyChanges(users, withReady(users, state.ready)),
  ],
  'game-launch': (launch, { now }) => [
    ['game-launch', launch],
    ['prepare-start', { startTime: now(), startFrame: launch.start_frame }],
  ],
  'start-game': (start) => [['start-game', start]],
  'netplay-host-paused': ({ text = 'The host has paused the game.' }) => [['netplay-host-paused', { text }]],
  'netplay-host-resumed': () => [['netplay-host-resumed', { text: 'The host has resumed the game.' }]],
  'chat-message': ({ player_id: playerId, name, message, timestamp, message_id: messageId }) => [
    ['chat-message', { userid: legacyUserId(playerId), playerName: name, message, timestamp, messageId }],
  ],
  'data-message': dataOf,
  'webrtc-signal': signalOf,
  error: errorOf,
};

/** For stock EmulatorJS, which itself knows three events; chat travels in its data messages. */
export const STOCK_EVENTS: EventTranslations = {
  'users-updated': ({ users }, { aliasOf }) => [['users-updated', stockPlayers(users, aliasOf)]],
  'room-closed': () => [['users-updated', {}]],
  'room-updated': nothing,
  'room-redirect': redirectOf,
  kicked: () => [['users-updated', {}]],
  'lobby-state': nothing,
  'game-launch': nothing,
  'start-game': nothing,
  'netplay-host-paused': () => [['data-message', { pause: true }]],
  'netplay-host-resumed': () => [['data-message', { play: true }]],
  'chat-message': ({ client_id: clientId, player_id: playerId, name, message }, { aliasOf, users }) => {
    const from = stockIds(users, aliasOf).get(clientId) ?? legacyUserId(playerId);
    return [['data-message', { 'chat-message': { from, to: 'all', player_name: name, message } }]];
  },
  'data-message': ({ client_id: sender, data }, { users }) => {
    const slot = users.find((user) => user.client_id === sender)?.slot ?? null;
    const shown = forStock('data-message', data, { slot });
    return shown === undefined ? [] : [['data-message', shown, { sender }]];
  },
  'webrtc-signal': signalOf,
  error: errorOf,
};

export function sfuLobby(
  { phase, ready }: Events['lobby-state'],
  users: readonly RoomUser[],
): { phase: string; player_ready: Record<string, boolean> } {
  const players = users.filter(({ slot }) => slot !== null).map((user) => user.player_id);
  const all = new Set([...players, ...ready]);
  return {
    phase: sfuPhase(phase),
    player_ready: Object.fromEntries([...all].map((id) => [legacyUserId(id), ready.includes(id)])),
  };
}

/** A paused game runs, for clients that learn of pauses by events. */
export function sfuPhase(phase: RoomPhase): string {
  if (phase === 'preparing') return 'prepare';
  return phase === 'paused' ? 'running' : phase;
}

/** What became different for one member after another; today's clients listen for each on its own. */
function changesOf(before: readonly RoomUser[], after: readonly RoomUser[]): Emission[] {
  const old = new Map(before.map((user) => [user.player_id, user]));
  const shown: SfuUsers = sfuUsers(after);
  const gone = before.filter(({ player_id: id }) => !after.some((user) => user.player_id === id));
  const emissions: Emission[] = gone.map((user) => [
    'room-player-left',
    { userid: legacyUserId(user.player_id) },
  ]);
  for (const user of after) {
    const userid = legacyUserId(user.player_id);
    const was = old.get(user.player_id);
    // Whoever is told of a room for the first time learns of everyone by the list.
    if (was === undefined && before.length > 0) emissions.push(['room-player-joined', shown[userid]]);
    if (was === undefined) continue;
    if (was.slot !== user.slot) {
      const playerSlot = user.slot ?? SPECTATOR_SLOT;
      emissions.push(['player-slot-updated', { playerId: userid, userid, playerSlot }]);
    }
    if (was.compatibility !== user.compatibility) {
      emissions.push(['player-validation-updated', { playerId: userid, userid, ...validationOf(user) }]);
    }
  }
  return [...emissions, ...readyChanges(before, after)];
}

function readyChanges(before: readonly RoomUser[], after: readonly RoomUser[]): Emission[] {
  const old = new Map(before.map((user) => [user.player_id, user.ready]));
  return after
    .filter(({ player_id: id, ready }) => old.has(id) && old.get(id) !== ready)
    .map(({ player_id: id, ready }) => {
      const userid = legacyUserId(id);
      return ['player-ready-updated', { playerId: userid, userid, ready }];
    });
}

const withReady = (users: readonly RoomUser[], ready: readonly string[]): RoomUser[] =>
  users.map((user) => ({ ...user, ready: ready.includes(user.player_id) }));
