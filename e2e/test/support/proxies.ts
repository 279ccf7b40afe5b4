import { type ProxyServer, startCaddy, startNginx } from '@romm-netplay/testing';
import { readText } from './deploy.js';

/** `host:port` of what a proxy leads to; several nodes share the players. */
export interface BehindProxy {
  readonly auth: string;
  readonly sfu: readonly string[];
  readonly romm: string;
  /** Where it listens; if not given, a free one. */
  readonly port?: number;
}

/** A file of infra/nginx with what an administrator is to fill in. */
const filledIn = (text: string, replacements: Readonly<Record<string, string>>): string =>
  Object.entries(replacements).reduce((before, [placeholder, value]) => {
    if (!before.includes(placeholder)) throw new Error(`The shipped file has no ${placeholder}.`);
    return before.replaceAll(placeholder, value);
  }, text);

/** Debian's nginx with the files that are shipped for it, in front of RomM. */
export async function startShippedNginx({ auth, sfu, romm, port }: BehindProxy): Promise<ProxyServer> {
  const [node = '', ...others] = sfu;
  const nodes = filledIn(await readText('infra/nginx/romm-netplay-nodes.conf'), {
    'server netplay-sfu-1:3001;': `server ${node};`,
    'server netplay-sfu-2:3001;': others.map((each) => `server ${each};`).join('\n'),
  });
  const include = filledIn(await readText('infra/nginx/romm-netplay.conf'), {
    'http://netplay-auth:3100': `http://${auth}`,
    'http://netplay-sfu:3001': others.length === 0 ? `http://${node}` : 'http://netplay_nodes',
  });
  return startNginx({
    ...(port !== undefined && { port }),
    http: others.length === 0 ? '' : nodes,
    server: `${include}
      location / {
        proxy_pass http://${romm};
        proxy_http_version 1.1;
        proxy_set_header Host $http_host;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_set_header X-Forwarded-Proto $scheme;
      }`,
  });
}

/** Debian's Caddy with the file that is shipped for it. */
export async function startShippedCaddy({ auth, sfu, romm }: BehindProxy): Promise<ProxyServer> {
  return startCaddy({
    caddyfile: await readText('infra/caddy/Caddyfile'),
    env: { NETPLAY_AUTH: auth, NETPLAY_SFU: sfu.join(' '), ROMM: romm },
  });
}
