/** The proxy configurations that are shipped, run by the proxies of Debian: who answers which path (N3). */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Answering, whoAnswers } from '@romm-netplay/protocol';
import { AUTH_API } from '@romm-netplay/protocol/auth-api';
import { SFU_API } from '@romm-netplay/protocol/sfu-api';
import { createDisposers, type ProxyServer, ROMM_PATHS } from '@romm-netplay/testing';
import { request as httpRequest } from 'node:http';
import { type Echo, type Seen, startEcho } from './support/echo.js';
import { startShippedCaddy, startShippedNginx } from './support/proxies.js';

const pathsOf = (api: Readonly<Record<string, { readonly path: string }>>) =>
  Object.values(api).map(({ path }) => path.replaceAll(/:\w+/g, 'one'));
const BELOW_ROOT = ['/healthz', '/readyz', '/openapi.json'];
const INTERNAL = pathsOf(AUTH_API).filter((path) => path.startsWith('/api/sfu/internal/'));
const AUTHS = [
  ...pathsOf(AUTH_API).filter((path) => !INTERNAL.includes(path) && !BELOW_ROOT.includes(path)),
  ...BELOW_ROOT.map((path) => `/api${path}`),
  ...['/', '/play', '/play/', '/play/netplay.js', '/play/config.json', '/setup', '/setup.js', '/setup.css'],
];
const SFUS = [
  ...pathsOf(SFU_API).filter((path) => path !== '/api/netplay/list'),
  ...['/openapi.json', '/ws', '/socket.io/', '/socket.io', '/playing', '/setups', '/join/setup'],
];

const below = (paths: readonly string[]) => paths.map((path) => `/netplay${path}`);
const TABLE: readonly [Answering, readonly string[]][] = [
  ['auth', below(AUTHS)],
  ['sfu', [...below(SFUS), '/api/netplay/list']],
  ['nobody', below(INTERNAL)],
  ['romm', ROMM_PATHS],
];

describe('who answers a path of RomM’s host', () => {
  it.each(TABLE)('%s', (who, paths) => {
    expect(paths.filter((path) => whoAnswers(path) !== who)).toEqual([]);
  });
});

const PROXIES = [
  { name: 'nginx', start: startShippedNginx },
  { name: 'Caddy', start: startShippedCaddy },
];

describe.each(PROXIES)('the shipped configuration for $name', ({ start }) => {
  const disposers = createDisposers();
  let proxy: ProxyServer;
  let romm: Echo;
  beforeAll(async () => {
    const [auth, sfu] = [disposers.use(await startEcho('auth')), disposers.use(await startEcho('sfu'))];
    romm = disposers.use(await startEcho('romm'));
    proxy = disposers.use(await start({ auth: auth.address, sfu: [sfu.address], romm: romm.address }));
  });
  afterAll(() => disposers.closeAll());

  /** Sent as it is: fetch would tidy the path. */
  const ask = (path: string, headers: Record<string, string> = {}) =>
    new Promise<{ status: number; seen: Seen | undefined }>((resolve, reject) => {
      const { hostname, port } = new URL(proxy.url);
      httpRequest({ hostname, port, path, headers }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () => {
          const seen = response.statusCode === 200 ? (JSON.parse(text) as Seen) : undefined;
          resolve({ status: response.statusCode ?? 0, seen });
        });
      })
        .on('error', reject)
        .end();
    });
  const whoTook = async (path: string) => {
    const { status, seen } = await ask(path);
    return seen?.who ?? (status === 404 ? 'nobody' : `${status}`);
  };

  it.each(TABLE)('leads to %s what is for it, and nothing that is RomM’s elsewhere', async (who, paths) => {
    const taken = await Promise.all(paths.map(async (path) => [path, await whoTook(path)] as const));
    expect(taken.filter(([, taker]) => taker !== who)).toEqual([]);
  });

  it('leads only to the services themselves what is between them, however it is spelled', async () => {
    for (const path of [
      '/netplay/api/sfu/internal/token',
      '/netplay//api/sfu/internal/token',
      '/netplay/api//sfu/internal/token',
      '/netplay/play/../api/sfu/internal/token',
      '/netplay/api/sfu/x/../internal/token',
      '/netplay/api/sfu/%69nternal/token',
      '/netplay/%61pi/sfu/internal/token',
      '/netplay/api/sfu%2Finternal/token',
      '/netplay/api/sfu/internal%2Ftoken',
      '/netplay/api/sfu/./internal/token?x=1',
      '/x/../netplay/api/sfu/internal/token',
    ]) {
      const { seen } = await ask(path);
      // What a service does not take for the internal path is no harm.
      const reached = seen?.who === 'auth' ? new URL(`http://auth${seen.path}`).pathname : '';
      expect({ path, reached }).toEqual({ path, reached: expect.not.stringMatching(/internal\/token/) });
    }
  });

  it('passes paths, queries and what services need to know on as they are', async () => {
    const { seen } = await ask('/netplay/join/a%20b%2Fc?game_id=1%202', {
      host: 'romm.example.org:8443',
      cookie: 'romm_session=s',
      'x-forwarded-for': '203.0.113.9',
      origin: 'https://romm.example.org',
    });
    expect(seen?.path).toBe('/netplay/join/a%20b%2Fc?game_id=1%202');
    expect(seen?.headers).toMatchObject({
      host: 'romm.example.org:8443',
      cookie: 'romm_session=s',
      origin: 'https://romm.example.org',
      'x-forwarded-proto': 'http',
      // Not what the client says: one in a private network would be believed.
      'x-forwarded-for': '127.0.0.1',
    });
  });

  it.each(['/netplay/socket.io/?EIO=4&transport=websocket', '/netplay/ws'])(
    'passes upgrades: %s',
    async (path) => {
      const { hostname, port } = new URL(proxy.url);
      const headers = { connection: 'Upgrade', upgrade: 'websocket', host: 'romm.example.org' };
      const took = await new Promise((resolve, reject) => {
        httpRequest({ hostname, port, path, headers })
          .on('upgrade', ({ headers: answer }, socket) => {
            socket.destroy();
            resolve([answer['x-who'], answer['x-seen']]);
          })
          .on('response', ({ statusCode }) => resolve(statusCode))
          .on('error', reject)
          .end();
      });
      expect(took).toEqual(['sfu', 'http romm.example.org']);
    },
  );
});

describe('nginx without our services', () => {
  it('starts, leads to RomM, and says 502 for netplay', async () => {
    const disposers = createDisposers();
    const romm = disposers.use(await startEcho('romm'));
    const proxy = disposers.use(
      await startShippedNginx({ auth: 'netplay-auth:3100', sfu: ['netplay-sfu:3001'], romm: romm.address }),
    );
    expect((await fetch(`${proxy.url}/api/users/me`)).status).toBe(200);
    expect((await fetch(`${proxy.url}/netplay/list`)).status).toBe(502);
    await disposers.closeAll();
  });
});
