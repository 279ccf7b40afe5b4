import { z } from 'zod';
import type { Operation } from './http-api.js';

/** The throw-away cookie that the doctor sends, to see whether cookies arrive. Its value means nothing. */
export const DOCTOR_COOKIE = 'netplay_doctor';

/** What arrived of a request of the doctor (X1). Repeats nothing of the request. */
export const arrived = {
  cookie: z.boolean().describe(`Whether a cookie ${DOCTOR_COOKIE} arrived; its value is not told.`),
  authorization: z.boolean().describe('Whether an Authorization header arrived; its value is not told.'),
  time: z.number().describe("This server's clock, in milliseconds since the epoch."),
};

/** Auth's; a node's says more and is with its operations. */
export const doctorEcho = {
  method: 'get',
  path: '/api/auth/doctor/echo',
  summary: 'Whether a cookie and an Authorization header of the doctor arrived; repeats nothing else',
  access: 'public',
  reply: z.object(arrived),
  refusals: {},
} as const satisfies Operation;

/** One thing the doctor looked at. */
export const finding = z
  .object({
    check: z.string().describe('Names the check; docs/DOCTOR.md explains each.'),
    status: z.enum(['ok', 'warning', 'fault', 'skipped']),
    what: z.string().describe('What was found, in one sentence.'),
    fix: z.string().optional().describe('What to change; absent when nothing needs to be.'),
  })
  .meta({ id: 'Finding' });
export type Finding = z.output<typeof finding>;
