import { UNAUTHORIZED } from './close-codes.js';
import { NetplayError } from './errors.js';
import type { Runtime } from './runtime.js';

const TRIES = 4;
/** Beyond this the person decides whether to wait, not the client. */
const LONGEST_RETRY_AFTER_MS = 5_000;
const BASE_MS = 500;
const CAP_MS = 8_000;

const TRANSIENT = new Set([
  'unavailable',
  'keys_unavailable',
  'internal',
  'busy',
  'timeout',
  'unreachable',
  'connection_closed',
]);

/** Whether waiting alone may cure it. */
export const isTransient = ({ code, retryable, status = 0 }: NetplayError): boolean =>
  retryable && (TRANSIENT.has(code) || status >= 500);

/** Whether another token may cure it (P1.10). */
export const isRefusedToken = ({ code, status, closeCode }: NetplayError): boolean =>
  code !== 'token_revoked' &&
  code !== 'not_signed_in' &&
  (status === 401 || status === 403 || closeCode === UNAUTHORIZED || /^(unauthorized$|token_)/.test(code));

/** Half fixed, half random: neither a stampede nor a hammer. */
export const backoffMs = (attempt: number, random: () => number): number =>
  Math.min(CAP_MS, BASE_MS * 2 ** attempt) * (0.5 + random() / 2);

/** Errors after which an inner loop gave up; an outer one does not begin again. */
const spent = new WeakSet();

export interface RetryOptions {
  readonly tries?: number | undefined;
  /** Whether to go on after this failure; `attempt` counts from 0. */
  readonly worthIt?: (error: NetplayError, attempt: number) => boolean;
}

/** Runs `attempt` until it succeeds, hopelessly fails or has failed often enough. */
export async function retrying<T>(
  runtime: Runtime,
  attempt: () => Promise<T>,
  { tries = TRIES, worthIt = isTransient }: RetryOptions = {},
): Promise<T> {
  for (let failed = 0; ; failed += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof NetplayError)) throw error;
      const { retryAfterMs = 0 } = error;
      const hopeless = spent.has(error) || !worthIt(error, failed) || retryAfterMs > LONGEST_RETRY_AFTER_MS;
      if (hopeless || failed + 1 >= tries) {
        spent.add(error);
        throw error;
      }
      await runtime.sleep(Math.max(retryAfterMs, backoffMs(failed, runtime.random)));
    }
  }
}
