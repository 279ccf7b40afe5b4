import { z } from 'zod';
import type { HttpApi } from './http-api.js';
import { NOT_INTERNAL, NOT_THE_NODE } from './internal-api.js';
import { liveNode, nodeRecord } from './node-record.js';

const ok = z.object({ ok: z.literal(true) });

/** The node registry of `apps/auth`, for nodes without Redis. */
export const NODE_API = {
  upsertNode: {
    method: 'post',
    path: '/api/sfu/internal/nodes/upsert',
    summary: 'Tell of an SFU node, every few seconds; one that falls silent for 10 s is forgotten',
    access: 'internal',
    body: nodeRecord,
    reply: ok,
    refusals: {
      400: 'The record is not valid.',
      409: 'A node of another URL has this id, or there are as many nodes as there may be.',
      ...NOT_THE_NODE,
      ...NOT_INTERNAL,
    },
  },
  removeNode: {
    method: 'post',
    path: '/api/sfu/internal/nodes/remove',
    summary: 'Forget an SFU node that stops, unless it has been started again since',
    access: 'internal',
    body: nodeRecord.pick({ nodeId: true, startedAtMs: true }),
    reply: ok,
    refusals: {
      400: 'The body is not valid.',
      409: 'The node tells of itself through Redis.',
      ...NOT_THE_NODE,
      ...NOT_INTERNAL,
    },
  },
  listNodes: {
    method: 'get',
    path: '/api/sfu/internal/nodes/list',
    summary: 'Every SFU node that told of itself lately',
    access: 'internal',
    reply: z.object({ nodes: z.array(liveNode) }),
    refusals: NOT_INTERNAL,
  },
} as const satisfies HttpApi;
