import { Agent } from 'undici';
import { boundedBody } from './bounded-body.js';
import { checkUrl } from './check-url.js';
import { createConnector } from './connector.js';
import { OutboundError } from './errors.js';
import { createPendingRequests } from './pending-requests.js';
import type { OutboundPolicy } from './policy.js';
import { createServerIdentity } from './server-identity.js';
import { translateError } from './translate-error.js';

/** Has the shape of the standard fetch, and can stand in for it. */
export interface OutboundFetch {
  (input: string | URL | Request, init?: RequestInit): Promise<Response>;
  /** Breaks off what is running (`closed`) and closes all connections. */
  close(): Promise<void>;
}

/** Ours to set, or meant for the connection only. */
const DROPPED_HEADERS = [
  ...['host', 'connection', 'keep-alive', 'upgrade', 'expect', 'te', 'trailer', 'transfer-encoding'],
  ...['content-length', 'accept-encoding'],
];
const NULL_BODY_STATUSES = new Set([204, 205, 304]);

/**
 * A fetch for calling other people's servers at URLs they chose (P2.11). Checks where it connects to, follows
 * no redirect, sends no cookies, uncompresses nothing, and takes so much for so long and no more. Rejects with
 * OutboundError; with the reason of the caller's signal when that aborts.
 * @throws OutboundError settings_invalid
 */
export function createOutboundFetch(policy: OutboundPolicy = {}): OutboundFetch {
  const { timeoutMs = 10_000, maxResponseBytes = 1024 * 1024, ca, certificateFingerprints } = policy;
  const identity = createServerIdentity(ca, certificateFingerprints);
  const allowHttp = policy.allowHttp === true && ca === undefined && !certificateFingerprints?.length;
  const pending = createPendingRequests(policy.maxPendingPerOrigin ?? 64);
  const agent = new Agent({
    connect: createConnector(policy, identity, timeoutMs),
    connections: policy.maxConnectionsPerOrigin ?? 4,
    maxHeaderSize: policy.maxHeaderBytes ?? 16 * 1024,
    // One deadline for the whole of a request is kept below.
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveMaxTimeout: 30_000,
  });

  async function outboundFetch(input: string | URL | Request, init?: RequestInit): Promise<Response> {
    const url = checkUrl(input instanceof Request ? input.url : String(input), allowHttp);
    const request = new Request(input, init);
    request.signal.throwIfAborted();
    const abort = new AbortController();
    const release = pending.begin(url.origin);
    const timer = setTimeout(() => end(new OutboundError('timeout')), timeoutMs);
    const onCallerAbort = () => end(request.signal.reason);
    const finish = () => {
      clearTimeout(timer);
      request.signal.removeEventListener('abort', onCallerAbort);
      release();
    };
    const end = (reason: unknown) => {
      finish();
      abort.abort(reason);
    };
    request.signal.addEventListener('abort', onCallerAbort);
    // Whoever aborted says why, whatever undici makes of it.
    const translate = (error: unknown): unknown =>
      abort.signal.aborted ? abort.signal.reason : translateError(error);
    try {
      const answer = await agent.request({
        origin: url.origin,
        path: url.pathname + url.search,
        method: request.method,
        headers: headersOf(request),
        body: request.body === null ? null : Buffer.from(await request.arrayBuffer()),
        signal: abort.signal,
      });
      const bodyOptions = { maxBytes: maxResponseBytes, onEnd: finish, translateError: translate };
      return toResponse(answer, bodyOptions);
    } catch (error) {
      const translated = translate(error);
      end(translated);
      throw translated;
    }
  }
  return Object.assign(outboundFetch, { close: () => agent.destroy() });
}

function headersOf(request: Request): Record<string, string> {
  const headers = new Headers(request.headers);
  for (const name of DROPPED_HEADERS) headers.delete(name);
  // A short answer that uncompresses to a long one would get past the limit.
  return { ...Object.fromEntries(headers), 'accept-encoding': 'identity' };
}

function toResponse(
  { statusCode, headers, body }: Awaited<ReturnType<Agent['request']>>,
  bodyOptions: Parameters<typeof boundedBody>[1],
): Response {
  // A body that is given up below fails; that is no news.
  body.on('error', () => undefined);
  if (statusCode >= 300 && statusCode < 400 && statusCode !== 304)
    throw new OutboundError('redirect_refused');
  if ((headers['content-encoding'] ?? 'identity') !== 'identity') throw new OutboundError('response_invalid');
  if (Number(headers['content-length']) > bodyOptions.maxBytes) throw new OutboundError('too_large');
  const fields = Object.entries(headers).flatMap(([name, values = []]) =>
    [values].flat().map((value): [string, string] => [name, value]),
  );
  // Made in any case: it reads an empty body to its end and so ends the request.
  const stream = boundedBody(body, bodyOptions);
  return new Response(NULL_BODY_STATUSES.has(statusCode) ? null : stream, {
    status: statusCode,
    headers: fields,
  });
}
