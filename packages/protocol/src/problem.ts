import { z } from 'zod';

/** `application/problem+json` (RFC 9457). `detail` is what existing clients show; `code` is for programs. */
export const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.string(),
    detail: z.string(),
    request_id: z.string().optional(),
    error: z.string().optional().describe('On SFU nodes: the refusal in the words of romm-sfu-server.'),
  })
  .meta({ id: 'Problem' });
export type Problem = z.output<typeof problem>;
