import { OUTBOUND_ERRORS, OutboundError, type OutboundErrorCode } from '@romm-netplay/outbound';
import { createPeerFetch, type Reach } from '@romm-netplay/peers';
import { readBounded } from '@romm-netplay/token-core';
import type { z } from 'zod';
import { AuthError } from '../errors.js';

const MAX_ANSWER_BYTES = 64 * 1024;

/** What an administrator can do about a refusal of our own. */
const HINTS: Partial<Record<OutboundErrorCode, string>> = {
  scheme_refused: 'Set allow_http if it has no https.',
  address_refused: 'Set allow_private_addresses if it is meant to be in a private network.',
  certificate_refused:
    'If it is self-signed, or of an authority of your own, give that as ca_certificate, or its fingerprint as certificate_sha256.',
};

/**
 * Asks another instance that may not be registered yet, with what an administrator allowed for it and nothing
 * more (P2.11). @throws AuthError `unreachable` with the reason, peer_answer_invalid,
 * issuer_certificate_unusable
 */
export async function askInstance<T>(
  reach: Reach,
  ask: (fetchFn: typeof fetch) => Promise<T>,
  unreachable: 'peer_unreachable' | 'caller_unreachable' = 'peer_unreachable',
): Promise<T> {
  let close: () => Promise<void> = () => Promise.resolve();
  try {
    const peerFetch = createPeerFetch(reach);
    close = () => peerFetch.close();
    return await ask(peerFetch);
  } catch (cause) {
    if (cause instanceof AuthError) throw cause;
    const code = outboundCodeOf(cause);
    if (code === undefined) throw new AuthError('peer_answer_invalid', { cause });
    if (code === 'settings_invalid') throw new AuthError('issuer_certificate_unusable', { cause });
    const because = [OUTBOUND_ERRORS[code], HINTS[code] ?? []].flat().join(' ');
    throw new AuthError(unreachable, { cause, because });
  } finally {
    await close();
  }
}

/** Who asks may have less patience than the fetch has. */
function outboundCodeOf(error: unknown): OutboundErrorCode | undefined {
  if (error instanceof OutboundError) return error.code;
  return (error as Error).name === 'TimeoutError' ? 'timeout' : undefined;
}

/** Reads what was answered, if it is what it should be. @throws Error */
export async function readAnswer<T extends z.ZodType>(response: Response, schema: T): Promise<z.output<T>> {
  return schema.parse(JSON.parse(await readBounded(response, MAX_ANSWER_BYTES)));
}
