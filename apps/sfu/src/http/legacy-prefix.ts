import type { IncomingMessage, RequestListener } from 'node:http';

/** RomM's proxy serves the node below this path, and not every proxy takes it away again. */
const PREFIX = '/netplay';

export function stripPrefix(request: IncomingMessage): void {
  if (request.url?.startsWith(`${PREFIX}/`) === true) request.url = request.url.slice(PREFIX.length);
}

/** Answers every path below the prefix as well. */
export const withoutPrefix =
  (listener: RequestListener): RequestListener =>
  (request, response) => {
    stripPrefix(request);
    listener(request, response);
  };
