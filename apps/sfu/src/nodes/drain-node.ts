import type { LiveNode } from '@romm-netplay/protocol';
import type { CloseName } from '@romm-netplay/protocol/wire';
import type { Outbox } from '../ports.js';
import type { Room } from '../rooms/model/room.js';
import { chooseTarget } from './choose-target.js';
import { type Move, moveRoom, type MoveRoomDeps } from './move-room.js';
import type { NodePresence } from './node-presence.js';

export interface DrainNodeDeps {
  readonly directory: MoveRoomDeps['directory'];
  readonly presence: NodePresence;
  /** Undefined: rooms cannot be moved, and end with the node. */
  readonly handover: Pick<MoveRoomDeps, 'registry' | 'moves'> | undefined;
  readonly region: string | undefined;
  readonly newId: MoveRoomDeps['newId'];
  /** How long it may take; then the rest stays. */
  readonly drainMs: number;
  /** How long members have to follow before their connections are closed. */
  readonly flushMs: number;
}

const PARALLEL_MOVES = 8;
const PAUSE_MS = 250;

/**
 * Empties this node: it opens and admits nothing any more, and gives its rooms to the others (P2.10). Ends
 * when all are given and their members had time to follow, when nobody is there to take them, or when time is
 * up; what is left then goes on here until the node closes.
 */
export async function drainNode(deps: DrainNodeDeps): Promise<void> {
  const { directory, presence, handover, drainMs, flushMs } = deps;
  const deadline = performance.now() + drainMs;
  const isTimeUp = () => performance.now() >= deadline;
  directory.drain();
  await presence.announce();
  if (handover === undefined) return;
  const move = (room: Room, target: LiveNode) => moveRoom({ ...deps, ...handover }, room, target, isTimeUp);
  const farewells: Promise<void>[] = [];
  for (let round = 0; !directory.empty && !isTimeUp(); round += 1) {
    // A room was being opened, one could not be given away, or the state was not there.
    if (round > 0) await pause(PAUSE_MS);
    const others = await presence.others().catch(() => undefined);
    if (others !== undefined && chooseTarget(others, deps.region) === undefined) break;
    const movable = [...directory.rooms()].filter((room) => room.canMove);
    await moveAll(movable, others ?? [], deps.region, async (room, target) => {
      const { outcome, outboxes } = await move(room, target);
      farewells.push(sayGoodbye(outcome, outboxes, flushMs));
    });
  }
  await Promise.all(farewells);
}

/** Gives each room to the node that has least to do. */
async function moveAll(
  rooms: readonly Room[],
  others: readonly LiveNode[],
  region: string | undefined,
  move: (room: Room, target: LiveNode) => Promise<void>,
): Promise<void> {
  const given = new Map<string, number>();
  const queue = rooms.flatMap((room) => {
    const target = chooseTarget(others, region, given);
    if (target === undefined) return [];
    given.set(target.nodeId, (given.get(target.nodeId) ?? 0) + 1);
    return [{ room, target }];
  });
  const work = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift())
      await move(next.room, next.target);
  };
  await Promise.all(Array.from({ length: PARALLEL_MOVES }, work));
}

async function sayGoodbye(
  outcome: Move['outcome'],
  outboxes: readonly Outbox[],
  flushMs: number,
): Promise<void> {
  if (outboxes.length === 0) return;
  if (outcome === 'moved') await pause(flushMs);
  const name: CloseName = outcome === 'moved' ? 'moved' : 'goingAway';
  for (const outbox of outboxes) outbox.close(name);
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
