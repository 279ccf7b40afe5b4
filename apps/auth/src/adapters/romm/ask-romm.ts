import { readBounded } from '@romm-netplay/token-core';
import { headersFor, type RommCredential } from './romm-credential.js';
import { RommFailure } from './romm-failure.js';
import { judgeUser, NOBODY, rommUser, type RommVerdict } from './romm-user.js';

export interface AskRommOptions {
  readonly url: string;
  readonly fetch: typeof fetch;
  /** For the whole exchange, the body included. */
  readonly timeoutMs: number;
  readonly onWarning: (message: string) => void;
}

/** Ample: the answer holds all achievements of the user, and one of thousands is no rarity. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;
const NOT_SIGNED_IN = [401, 403];
/** What RomM's proxy answers when there is no RomM, or RomM when it is asked too much. */
const OUTAGES = [429, 502, 503, 504];
/** How fetch says that the line was cut or the time was up. */
const LINE_ERRORS = ['TypeError', 'TimeoutError', 'AbortError'];
const ADVICE = 'Is ROMM_BASE_URL the final address of RomM itself, or does a proxy answer in its place?';

/**
 * Asks RomM whom a credential signs in. Sends nothing of the caller but that credential, follows no
 * redirect and reads no more than 4 MB. @throws RommFailure
 */
export async function askRomm(options: AskRommOptions, credential: RommCredential): Promise<RommVerdict> {
  const response = await exchange(options, credential);
  const { status } = response;
  if (!NOT_SIGNED_IN.includes(status) && status !== 200) {
    discard(response);
    throw new RommFailure(`RomM answered ${status} to GET /api/users/me. ${ADVICE}`, {
      isOutage: OUTAGES.includes(status),
    });
  }
  const type = mediaTypeOf(response);
  if (type !== 'application/json') {
    discard(response);
    throw new RommFailure(`RomM answered ${status} with ${type} instead of JSON. ${ADVICE}`, {
      isOutage: false,
    });
  }
  if (status !== 200) {
    discard(response);
    return NOBODY;
  }
  return judgeAnswer(await readAnswer(response), options.onWarning);
}

async function exchange(options: AskRommOptions, credential: RommCredential): Promise<Response> {
  try {
    return await options.fetch(options.url, {
      // Handed out unfollowed, so that the failure can say what was answered.
      redirect: 'manual',
      headers: { accept: 'application/json', ...headersFor(credential) },
      signal: AbortSignal.timeout(options.timeoutMs),
    });
  } catch (error) {
    throw new RommFailure('RomM does not answer.', { isOutage: true, cause: error });
  }
}

async function readAnswer(response: Response): Promise<string> {
  try {
    return await readBounded(response, MAX_ANSWER_BYTES);
  } catch (error) {
    const isOutage = error instanceof Error && LINE_ERRORS.includes(error.name);
    throw new RommFailure('RomM began an answer that cannot be read to its end.', { isOutage, cause: error });
  }
}

function judgeAnswer(text: string, onWarning: (message: string) => void): RommVerdict {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    // The parser's own error quotes the text.
    throw new RommFailure('RomM answered something that is not JSON, though it says so.', {
      isOutage: false,
    });
  }
  if (body === null) return NOBODY;
  const user = rommUser.safeParse(body);
  if (user.success) return judgeUser(user.data, onWarning);
  throw new RommFailure(`RomM's answer is no user: ${faultsOf(user.error.issues, body)}. ${ADVICE}`, {
    isOutage: false,
  });
}

/** Names members, never their values. */
function faultsOf(issues: readonly { readonly path: readonly PropertyKey[] }[], body: unknown): string {
  const names = [...new Set(issues.map(({ path }) => String(path[0] ?? '')))];
  if (names.includes('') || typeof body !== 'object' || body === null) return 'it is no object';
  const missing = names.filter((name) => !Object.hasOwn(body, name));
  const unfit = names.filter((name) => Object.hasOwn(body, name));
  return [
    ...(missing.length > 0 ? [`it lacks ${missing.join(', ')}`] : []),
    ...(unfit.length > 0
      ? [`${unfit.join(', ')} ${unfit.length > 1 ? 'are' : 'is'} not what RomM says`]
      : []),
  ].join('; ');
}

/** Bounded and plain, since it comes from whoever answers. */
function mediaTypeOf(response: Response): string {
  const type = (response.headers.get('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  return /^[\w.+-]+\/[\w.+-]+$/.test(type) ? type.slice(0, 60) : 'no known type';
}

/** Without this the connection is held until the garbage is collected. */
const discard = (response: Response): void => void response.body?.cancel().catch(() => undefined);
