import { randomUUID } from 'node:crypto';
import type { Standalone } from './compose.js';

/** What a newcomer wants to know after `npm start`. */
export function banner({ auth, sfu, pageUrl }: Standalone): string {
  return `
RomM netplay is running: auth and one SFU node in one process.

  Try it: open ${pageUrl} in two browser tabs

  auth   ${auth.url}   mints tokens, publishes its keys
  SFU    ${sfu.url}   lists rooms, takes players' sockets at /ws
${auth.warnings.map((warning) => `\n  Warning: ${warning}\n`).join('')}${setupHint(auth)}
Try next, in another terminal:

  npm run demo                          watch two players use it
  curl -X POST ${auth.url}/api/sfu/token -H 'Authorization: Bearer ${randomUUID()}'
                                        get a read token as a made-up player
  ${auth.url}/openapi.json    every endpoint; docs/PROTOCOL.md has the socket

Ctrl-C stops it.
`;
}

const setupHint = ({ setupUrl }: Standalone['auth']): string =>
  setupUrl === undefined
    ? ''
    : `\n  Accounts: whoever opens this link first becomes the administrator\n  ${setupUrl}\n`;
