import { AuthError } from '../../errors.js';

/** Error codes of the network, and SQLSTATE classes 08 (connection), 53 (resources) and 57 (intervention). */
const UNAVAILABLE_CODE = /^(?:E[A-Z]+|(?:08|53|57)\w{3})$/;
/** What pg says without a code when a server is gone or frozen. */
const UNAVAILABLE_MESSAGE = /timeout|terminated|connection error|not queryable|ended the connection/i;

/** Whether a database is away or busy, rather than of another opinion. */
export function isUnavailable(error: unknown): boolean {
  const { code = '', message = '' } = error as { code?: string; message?: string };
  return UNAVAILABLE_CODE.test(code) || UNAVAILABLE_MESSAGE.test(message);
}

/** Runs database work; a database that is away becomes a clear refusal. @throws AuthError database_unavailable */
export async function orUnavailable<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof AuthError) throw error;
    throw isUnavailable(error) ? new AuthError('database_unavailable', { cause: error }) : error;
  }
}
