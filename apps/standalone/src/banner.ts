import { randomUUID } from 'node:crypto';
import type { Standalone } from './compose.js';
import type { StandaloneConfig } from './config.js';

/** What a newcomer wants to know after `npm start`: only what works with the settings there are. */
export function banner(standalone: Standalone, { auth: settings, sfu: node }: StandaloneConfig): string {
  const { auth, sfu, pageUrl } = standalone;
  const anybody = settings.identityProviders.includes('dev');
  const warnings = [
    ...auth.warnings,
    ...unreachable('AUTH_ISSUER', settings.issuer, auth.url),
    ...unreachable('PUBLIC_URL', node.publicUrl, sfu.url),
  ];
  return `
RomM netplay is running: auth and one SFU node in one process.

  Try it: open ${pageUrl} ${anybody ? 'in two browser tabs' : 'and sign in'}

  auth   ${auth.url}   mints tokens, publishes its keys
  SFU    ${sfu.url}   lists rooms, takes players' sockets at /ws
${warnings.map((warning) => `\n  Warning: ${warning}\n`).join('')}${setupHint(auth)}
Try next, in another terminal:

  npm run demo                          watch two players use it
${anybody ? tokenHint(auth.url) : ''}  ${auth.url}/openapi.json    every endpoint; docs/PROTOCOL.md has the socket

Ctrl-C stops it.
`;
}

const tokenHint = (authUrl: string): string => `\
  curl -X POST ${authUrl}/api/sfu/token -H 'Authorization: Bearer ${randomUUID()}'
                                        get a read token as a made-up player
`;

const setupHint = ({ setupUrl }: Standalone['auth']): string =>
  setupUrl === undefined
    ? ''
    : `\n  Accounts: whoever opens this link first becomes the administrator\n  ${setupUrl}\n`;

/** A URL of this machine with another port than is listened on leads nowhere; a proxy's URL may lead here. */
function unreachable(name: string, told: string | undefined, listening: string): string[] {
  if (told === undefined) return [];
  const { hostname, port } = new URL(told);
  const isHere = ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
  const own = new URL(listening).port;
  if (!isHere || port === '' || port === own) return [];
  return [
    `${name} is ${told}, but port ${own} is listened on: set it to http://${hostname}:${own}, or leave it out.`,
  ];
}
