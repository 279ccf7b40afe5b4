import type { CLOSE_CODES } from '@romm-netplay/protocol/wire';

/** Compared with the protocol by the compiler: its table, with a sentence each, is too large to ship. */
type Known = typeof CLOSE_CODES;
type Retried = Extract<Known[keyof Known], { retry: true }>['code'];

const RETRIED: Record<Retried, true> = {
  1001: true,
  4308: true,
  4408: true,
  4428: true,
  4429: true,
  4503: true,
};
/** Of RFC 6455 and its registry: lost lines, and servers or proxies that fail or restart. */
const LOST = new Set([1005, 1006, 1011, 1012, 1013, 1014]);

export const BAD_MESSAGE: Known['badMessage']['code'] = 4400;
export const UNAUTHORIZED: Known['unauthorized']['code'] = 4401;
export const SESSION_ENDED: Known['sessionEnded']['code'] = 4403;
export const TAKEN_OVER: Known['takenOver']['code'] = 4409;
export const NOT_ADMITTED: Known['notAdmitted']['code'] = 4410;
export const UNAVAILABLE: Known['unavailable']['code'] = 4503;

/** Whether connecting again by itself makes sense. */
export const isRetried = (code: number): boolean => code in RETRIED || LOST.has(code);
