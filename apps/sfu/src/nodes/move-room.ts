import type { LiveNode } from '@romm-netplay/protocol';
import { type HandoverRegistry, MOVE_TTL_MS, type RoomMoves } from '@romm-netplay/shared-state';
import type { Outbox } from '../ports.js';
import { EventMessage } from '../players/event-message.js';
import { hashTicket } from '../rooms/resume-ticket.js';
import type { Room } from '../rooms/model/room.js';
import type { RoomDirectory } from '../rooms/room-directory.js';
import type { RoomState } from '../rooms/model/room-state.js';

export interface MoveRoomDeps {
  readonly directory: RoomDirectory;
  readonly registry: HandoverRegistry;
  readonly moves: RoomMoves;
  /** 128 random bits. */
  readonly newId: () => string;
}

/** `undecided`: nobody can tell whether the other node has it, so it is no room of this one any more. */
export type MoveOutcome = 'moved' | 'stays' | 'undecided';

export interface Move {
  readonly outcome: MoveOutcome;
  /** The connections to close, once they had time to follow. */
  readonly outboxes: readonly Outbox[];
}

/**
 * Gives a room to another node. The order keeps it from ever being hosted twice: frozen here -> its state put
 * -> its record handed over, which lets the other node take the state -> released here -> members told.
 * Whatever fails or is not answered in between, whoever takes the state has the room.
 */
export async function moveRoom(
  deps: MoveRoomDeps,
  room: Room,
  target: LiveNode,
  isTimeUp: () => boolean,
): Promise<Move> {
  const { directory, newId } = deps;
  // From here on nothing but connections changes, and what they change the other node does not need.
  const settled = directory.freeze(room);
  const connected = [...room.members].filter(({ keptUntilMs }) => keptUntilMs === undefined);
  const tickets = new Map(connected.map(({ player }) => [player.playerId, newId()]));
  const state = JSON.stringify(withTickets(room.toState(), tickets));
  await settled;
  const outcome = await handOver(deps, room, target, state, isTimeUp);
  if (outcome === 'stays') {
    directory.thaw(room);
    return { outcome, outboxes: [] };
  }
  directory.release(room);
  const outboxes = connected.map(({ outbox }) => outbox);
  if (outcome === 'moved') {
    const { url, nodeId } = target;
    for (const { outbox, player } of connected) {
      const ticket = tickets.get(player.playerId);
      const where = { room_name: room.name, url, nodeId, ...(ticket && { resume_token: ticket }) };
      outbox.sendEvent(new EventMessage('room-redirect', where));
    }
  }
  return { outcome, outboxes };
}

/** Members who are away keep the ticket they have. */
const withTickets = (state: RoomState, tickets: ReadonlyMap<string, string>): RoomState => ({
  ...state,
  members: state.members.map((member) => {
    const ticket = tickets.get(member.playerId);
    return ticket === undefined
      ? member
      : { ...member, ticketHash: hashTicket(ticket).toString('base64url') };
  }),
});

async function handOver(
  { directory, registry, moves }: MoveRoomDeps,
  room: Room,
  target: LiveNode,
  state: string,
  isTimeUp: () => boolean,
): Promise<MoveOutcome> {
  const { key } = room;
  try {
    // The record may have been lost, or be about to expire.
    const isOurs = (await registry.upsert(directory.recordOf(room))) === 'stored';
    if (!isOurs || (await moves.put(key, state, MOVE_TTL_MS)) === 'too-large') return 'stays';
  } catch {
    // If it was put all the same, nobody is sent to take it: the record still names this node.
    return 'stays';
  }
  try {
    const record = { ...directory.recordOf(room), nodeId: target.nodeId, url: target.url };
    const outcome = await registry.transfer(key, directory.nodeId, record, MOVE_TTL_MS);
    if (outcome === 'transferred') return 'moved';
  } catch {
    // It may have happened without an answer.
  }
  return withdraw(moves, key, isTimeUp);
}

const RETRY_MS = 200;

/** Takes the state back. When it is gone, the other node was quicker: then the record names it, and it hosts. */
async function withdraw(moves: RoomMoves, key: string, isTimeUp: () => boolean): Promise<MoveOutcome> {
  for (;;) {
    try {
      return (await moves.take(key)) === undefined ? 'moved' : 'stays';
    } catch {
      if (isTimeUp()) return 'undecided';
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}
