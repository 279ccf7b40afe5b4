import type { LiveNode } from '@romm-netplay/protocol';

/** A node that told of itself longer ago than this may be dead: no room is given to it. */
const FRESH_MS = 5_000;

/**
 * The node that a room should move to: one that takes rooms and has place for another, in the same region if
 * there is one, and of those the one with the fewest rooms, then sockets. `given` counts the rooms that each
 * was given since it last told of itself.
 */
export function chooseTarget(
  nodes: readonly LiveNode[],
  region: string | undefined,
  given: ReadonlyMap<string, number> = new Map(),
): LiveNode | undefined {
  const load = (node: LiveNode) => node.rooms + (given.get(node.nodeId) ?? 0);
  const isFar = (node: LiveNode) => Number(region !== undefined && node.region !== region);
  const [best] = nodes
    .filter((node) => node.adopts && !node.draining && node.ageMs <= FRESH_MS && load(node) < node.maxRooms)
    .sort(
      (a, b) =>
        isFar(a) - isFar(b) || load(a) - load(b) || a.sockets - b.sockets || (a.nodeId < b.nodeId ? -1 : 1),
    );
  return best;
}
