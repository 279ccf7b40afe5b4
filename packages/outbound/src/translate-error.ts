import { OutboundError, type OutboundErrorCode } from './errors.js';

/** What undici calls the faults that are not the network's. */
const CODES: Record<string, OutboundErrorCode> = {
  UND_ERR_HEADERS_OVERFLOW: 'headers_too_large',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'response_invalid',
  UND_ERR_DESTROYED: 'closed',
  UND_ERR_CLOSED: 'closed',
};

/** Keeps the name of a fault and drops the rest: undici's parser errors carry what was received. */
export function translateError(error: unknown): OutboundError {
  if (error instanceof OutboundError) return error;
  const { code, name } = error as { code?: unknown; name?: unknown };
  const reason = typeof code === 'string' ? code : undefined;
  if (name === 'HTTPParserError') return new OutboundError('response_invalid', reason);
  return new OutboundError(CODES[reason ?? ''] ?? 'unreachable', reason);
}
