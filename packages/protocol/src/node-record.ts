import { z } from 'zod';

/** An SFU node as it tells of itself, every few seconds. */
export const nodeRecord = z
  .object({
    nodeId: z.string().min(1).max(255).describe('Names the node; different on every node.'),
    url: z
      .url({ protocol: /^https?$/ })
      .max(2048)
      .describe('Where players reach it.'),
    region: z.string().min(1).max(64).optional().describe('Where it stands.'),
    rooms: z.int().min(0).describe('Rooms it hosts.'),
    sockets: z.int().min(0).describe('Connections it has.'),
    maxRooms: z.int().min(0).describe('Rooms it may host.'),
    draining: z.boolean().describe('It opens and admits nothing new, and gives its rooms away.'),
    adopts: z.boolean().describe('It can take over rooms of other nodes.'),
    byAuth: z
      .boolean()
      .optional()
      .describe('Auth wrote it, for a node without Redis. Whoever writes to Redis itself comes first.'),
    startedAtMs: z.int().describe('When it started, by its own clock; tells two lives of one node apart.'),
    updatedAtMs: z.int().describe('When it told this, by its own clock.'),
  })
  .meta({ id: 'NodeRecord' });
export type NodeRecord = z.output<typeof nodeRecord>;

/** A node that has told of itself lately. */
export const liveNode = nodeRecord
  .extend({ ageMs: z.int().min(0).describe('How long ago it last did, by the clock of the registry.') })
  .meta({ id: 'LiveNode' });
export type LiveNode = z.output<typeof liveNode>;
