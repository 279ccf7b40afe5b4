import { z } from 'zod';
import type { Operation } from './http-api.js';

/** The code of the problem that a service answers until it serves. */
export const STARTING_CODE = 'starting';

/** Both services answer these two alike (P4.8). */
export const health = {
  method: 'get',
  path: '/healthz',
  summary: 'Alive: the process answers',
  access: 'public',
  reply: z.object({ status: z.literal('ok') }),
  refusals: {},
} as const satisfies Operation;

const readinessReply = z
  .object({
    status: z
      .enum(['ready', 'unready'])
      .describe('Ready although a component is down: a part of the work goes on without it.'),
    components: z.record(
      z.string(),
      z.object({
        state: z.enum(['up', 'down']),
        latency_ms: z.number(),
        detail: z.string().optional().describe('Why it is down.'),
        code: z.string().optional().describe('The same for programs, where it is known.'),
      }),
    ),
    warnings: z.array(z.string()),
  })
  .meta({ id: 'Readiness' });
export type Readiness = z.output<typeof readinessReply>;

export const readiness = {
  method: 'get',
  path: '/readyz',
  summary: 'Ready: what cannot be done without answers; every component with its state and latency',
  access: 'public',
  reply: readinessReply,
  refusals: {
    503: 'A component is down without which nothing goes; the body has the same shape as for 200.',
  },
} as const satisfies Operation;
