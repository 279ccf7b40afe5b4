import type { ListedRoom, RoomExtra, RoomSnapshot } from '@romm-netplay/protocol';
import { legacyGame, legacyMode } from './legacy-game.js';
import { sfuUsers } from './legacy-users.js';
import { sfuLobby, sfuPhase } from './translate-event.js';

/** A room as clients of romm-sfu-server are told of it when they join. */
export function roomState({ room_name: roomName, extra, phase, users }: RoomSnapshot) {
  const ready = users.filter((user) => user.ready).map((user) => user.player_id);
  return {
    room_name: roomName,
    users: sfuUsers(users),
    netplay_mode: legacyMode(extra.netplay_mode),
    room_phase: sfuPhase(phase),
    game_id: extra.game_id ?? null,
    sync_config: extra.sync_config ?? null,
    ...(extra.netplay_mode === 'delay_sync' && { lobby_state: sfuLobby({ phase, ready }, users) }),
  };
}

/** A room as the same clients read it in `rooms-updated`. */
export function listedRoom(room: ListedRoom & RoomExtra): object {
  const { room_name: name, current, max, hasPassword, ...extra } = room;
  return {
    id: name,
    name,
    current,
    max,
    hasPassword,
    ...legacyGame(extra),
    nodeId: room.nodeId,
    url: room.url,
  };
}
