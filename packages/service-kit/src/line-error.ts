/** Why fetch got no answer, as the system calls it, such as ENOTFOUND; never with an address. */
export function lineErrorOf(error: unknown): string {
  const { name, code, cause } = error as { name?: unknown; code?: unknown; cause?: unknown };
  if (typeof code === 'string' && /^[A-Z][A-Z0-9_]+$/.test(code)) return code;
  if (cause !== undefined && cause !== null) return lineErrorOf(cause);
  return name === 'TimeoutError' ? 'no answer in time' : 'no answer';
}
