/** One mistake each, as who sets netplay up beside their RomM makes them: what the doctor then says, and all of it (X1). */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { diagnose, type Finding } from '@romm-netplay/doctor';
import { ROMM_LIST_PATH, whoAnswers } from '@romm-netplay/protocol';
import {
  createDisposers,
  eventually,
  freePort,
  type ProxyServer,
  ROMM_PATHS,
  startNginx,
} from '@romm-netplay/testing';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { listen } from '../../packages/service-kit/src/http/listen.js';
import { readText } from './support/deploy.js';
import { startShippedNginx } from './support/proxies.js';
import {
  checksOf,
  hostOf,
  type LookOptions,
  type RommSite,
  startRommSite,
  wrongOf,
} from './support/romm-site.js';

const DEAD = '127.0.0.1:1';

const closing = createDisposers();
let site: RommSite;
beforeAll(async () => {
  site = await startRommSite();
});
afterEach(async () => {
  await site.afterLook();
  await closing.closeAll();
});
afterAll(() => site.close());

const behind = () => site.behind;
const look: RommSite['look'] = (...args) => site.look(...args);
const nginx = (server: string) => startNginx({ port: site.port, server });
const bare = (rules = '') => nginx(`${rules} location / { proxy_pass http://${behind().romm}; }`);
const toAuth = (path: string) => `location ${path} { proxy_pass ${site.instance.authUrl}; }`;
const toSfu = (path: string) =>
  `location ${path} { proxy_pass ${site.instance.sfuUrl}; proxy_set_header Host $http_host; proxy_http_version 1.1;
     proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $http_connection; }`;

/** Paths that advice names, as a proxy meets them; files of the proxy are none. */
const pathsIn = ({ fix = '' }: Finding): string[] =>
  [...fix.matchAll(/(?<![\w.:/<-])\/[\w./-]*/g)]
    .map(([path]) => path.replace(/\.$/, ''))
    .filter((path) => !path.startsWith('/etc/') && !path.startsWith('/data/'));

/** In front of RomM: whatever goes wrong, nobody is told to lead what is RomM's to us. */
function expectNothingOfRomms(findings: readonly Finding[]): void {
  const named = wrongOf(findings).flatMap(pathsIn);
  const ours = (path: string) => path === ROMM_LIST_PATH || path.startsWith('/netplay/');
  expect(named.filter((path) => !ours(path))).toEqual([]);
  expect(named.filter((path) => ROMM_PATHS.includes(path))).toEqual([]);
}

/** Answers in place of a service; where. */
async function startOther(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.defer(() => void server.close());
  closing.defer(() => server.closeAllConnections());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('the include is missing', () => {
  it.each<[where: string, proxy: () => Promise<ProxyServer>]>([
    ['a proxy that leads everything to RomM', () => bare()],
    [
      'a proxy that knows RomM’s paths only',
      () =>
        nginx(`location /api/heartbeat { proxy_pass ${site.instance.romm.url}; } location / { return 404; }`),
    ],
    [
      'RomM that answers everything itself',
      () => nginx(`location / { proxy_pass ${site.instance.romm.url}; }`),
    ],
  ])('%s: one fault, and what to write where', async (_where, proxy) => {
    const findings = await look(proxy());
    expect(findings).toEqual([
      {
        check: 'rules',
        status: 'fault',
        what: expect.stringMatching(
          /^RomM is at \S+, but \S+\/netplay\/ leads to .*rules are not in the proxy, or it was not reloaded\.$/,
        ),
        fix: expect.stringMatching(
          /include \/etc\/nginx\/romm-netplay\.conf;.*nginx -t && nginx -s reload[^]*Caddy[^]*caddy reload[^]*Traefik[^]*SITE_HOST/,
        ),
      },
    ]);
    expectNothingOfRomms(findings);
  });

  it('where a part of the rules is there, says which part is not', async () => {
    const list = await look(bare(toSfu(`= ${ROMM_LIST_PATH}`)));
    expect(checksOf(list)).toEqual(['auth-answers', 'sfu-answers', 'romm-socket']);
    expectNothingOfRomms(list);
    await site.afterLook();
    const node = await look(bare(toSfu('/netplay/') + toSfu(`= ${ROMM_LIST_PATH}`)));
    expect(wrongOf(node)).toMatchObject([
      {
        check: 'auth-answers',
        what: expect.stringContaining('not as auth does'),
        fix: expect.stringContaining('below /netplay/'),
      },
    ]);
    expectNothingOfRomms(node);
    await site.afterLook();
    const auth = await look(bare(toAuth('/netplay/api/') + toAuth('/netplay/.well-known/')));
    expect(checksOf(auth)).toEqual(['sfu-answers', 'romm-list', 'romm-socket']);
    expectNothingOfRomms(auth);
  });

  it('leads nobody to give RomM’s paths away where ours were led at the root', async () => {
    const rules =
      ['/.well-known/', '/api/sfu/'].map(toAuth).join('') + ['/list', '/doctor/'].map(toSfu).join('');
    const findings = await look(bare(rules));
    expect(checksOf(findings)).toEqual(['rules']);
    expectNothingOfRomms(findings);
  });
});

describe('what is led to us, and not answered', () => {
  const RUNS =
    /docker compose -f infra\/compose\.add-to-romm\.yaml ps -a, then logs [^]*slash at the end of SITE_URL[^]*127\.0\.0\.1:3/;

  it.each<[what: string, dead: object, check: string, says: RegExp]>([
    [
      'neither service runs',
      { auth: DEAD, sfu: [DEAD] },
      'auth-answers',
      /netplay answers 502: the proxy does not reach auth and the SFU\.$/,
    ],
    [
      'auth does not run',
      { auth: DEAD },
      'auth-answers',
      /netplay answers 502: the proxy does not reach auth\.$/,
    ],
    [
      'the SFU does not run',
      { sfu: [DEAD] },
      'sfu-answers',
      /netplay answers 502: the proxy does not reach the SFU\.$/,
    ],
    [
      'nothing runs',
      { auth: DEAD, sfu: [DEAD], romm: DEAD },
      'auth-answers',
      /answers 502: .* auth and the SFU, nor RomM/,
    ],
  ])('%s: said once, with where to look', async (_what, dead, check, says) => {
    const findings = await look(startShippedNginx({ ...behind(), ...dead }));
    expect(wrongOf(findings)).toEqual([
      { check, status: 'fault', what: expect.stringMatching(says), fix: expect.stringMatching(RUNS) },
    ]);
    expectNothingOfRomms(findings);
  });

  it('a service that is starting is told from a proxy that reaches nobody', async () => {
    const starting = closing.use(await listen(0, '127.0.0.1', { basePaths: ['/netplay'] }));
    const findings = await look(startShippedNginx({ ...behind(), auth: hostOf(starting.url) }));
    expect(wrongOf(findings)).toEqual([
      {
        check: 'auth-answers',
        status: 'fault',
        what: `${site.url}/netplay answers that auth is starting.`,
        fix: expect.stringMatching(/Wait a minute.*logs netplay-auth/),
      },
    ]);
    await site.afterLook();
    const both = closing.use(await listen(0, '127.0.0.1', { basePaths: ['/netplay'] }));
    const place = hostOf(both.url);
    const all = await look(startShippedNginx({ ...behind(), auth: place, sfu: [place] }));
    expect(wrongOf(all).map(({ check, what }) => [check, what])).toEqual([
      ['auth-answers', `${site.url}/netplay answers that auth is starting.`],
      ['sfu-answers', `${site.url}/netplay answers that the SFU is starting.`],
    ]);
  });

  it('a sign-in in front of all of it, RomM included: its own paths are left alone', async () => {
    const findings = await look(
      nginx('location / { return 302 https://sso.example.org/login?rd=$request_uri; }'),
    );
    expect(wrongOf(findings)).toMatchObject([
      { check: 'auth-answers', what: expect.stringContaining('redirects to https://sso.example.org/login;') },
    ]);
    expectNothingOfRomms(findings);
    expect(JSON.stringify(findings)).not.toContain('rd=');
  });

  it('RomM that fails where it says which release it is: its paths are left alone', async () => {
    const findings = await look(bare('location = /api/heartbeat { return 500; }'));
    expect(checksOf(findings)).toEqual(['auth-answers', 'sfu-answers']);
    expectNothingOfRomms(findings);
  });

  it('http that is redirected to https is said once', async () => {
    const findings = await look(nginx('location / { return 301 https://$http_host$request_uri; }'));
    expect(wrongOf(findings)).toMatchObject([
      {
        what: `${site.url} redirects to https.`,
        fix: expect.stringContaining(site.url.replace('http:', 'https:')),
      },
    ]);
  });

  it('a host that nobody knows, and one where nothing listens, are said once', async () => {
    const nowhere = `http://127.0.0.1:${await freePort()}`;
    expect(wrongOf(await diagnose({ authUrl: nowhere, sfuUrl: nowhere, timeoutMs: 1_000 }))).toMatchObject([
      {
        check: 'auth-reachable',
        what: expect.stringContaining('ECONNREFUSED'),
        fix: expect.stringContaining('In a container'),
      },
    ]);
    expect(
      wrongOf(await diagnose({ authUrl: 'romm.example.org', sfuUrl: 'romm.example.org' })),
    ).toMatchObject([{ check: 'auth-url', what: 'romm.example.org is no URL.' }]);
  });
});

describe('RomM', () => {
  it('that does not run', async () => {
    const findings = await look(startShippedNginx({ ...behind(), romm: DEAD }));
    expect(wrongOf(findings)).toEqual([
      {
        check: 'romm',
        status: 'fault',
        what: `RomM does not run: ${site.url}/api/heartbeat answers 502.`,
        fix: expect.stringContaining('docker logs'),
      },
    ]);
  });

  it('that runs where auth does not look for it', async () => {
    // RomM as players reach it, while there is none where auth was told to look.
    const heartbeat = await startOther((request, response) => {
      response.writeHead(request.url === '/api/heartbeat' ? 200 : 404, {
        'content-type': 'application/json',
      });
      response.end('{"SYSTEM":{"VERSION":"5.2.0"}}');
    });
    await site.instance.romm.goDown();
    await rommIs('down');
    const findings = await look(startShippedNginx({ ...behind(), romm: heartbeat }));
    await site.instance.romm.comeBack();
    await rommIs('up');
    expect(wrongOf(findings)).toEqual([
      {
        check: 'auth-ready',
        status: 'fault',
        what: 'Auth does not reach RomM at ROMM_BASE_URL (ECONNREFUSED).',
        fix: expect.stringMatching(/docker network ls.*ROMM_NETWORK.*ROMM_BASE_URL.*infra\/\.env/),
      },
    ]);
  });

  /** Auth believes what it has seen for a second. */
  const rommIs = (state: string) =>
    eventually(async () => {
      const ready = await (await fetch(`${site.instance.authUrl}/readyz`)).json();
      expect(ready).toMatchObject({ status: 'ready', components: { romm: { state } } });
    });

  it('on http at a name that is not this machine', async () => {
    const elsewhere = 'http://nas.lan';
    const findings = await look(startShippedNginx(behind()), {
      authUrl: elsewhere,
      sfuUrl: elsewhere,
      fetch: (input, init) => fetch((input as string).replace(elsewhere, site.url), init),
    });
    const found = wrongOf(findings).find(({ check }) => check === 'romm-https');
    expect(found).toMatchObject({
      status: 'fault',
      what: expect.stringMatching(/RomM is on http at http:\/\/nas\.lan/),
      fix: expect.stringMatching(/TLS.*SITE_URL in infra\/\.env.*http:\/\/localhost/),
    });
    expect(checksOf(findings)).not.toContain('mixed-content');
    expectNothingOfRomms(findings);
  });
});

describe('what the services call themselves', () => {
  const otherwise = async (rewrites: readonly [from: RegExp, to: string][], more: LookOptions = {}) => {
    const rewritten: typeof fetch = async (input, init) => {
      const response = await fetch(input, init);
      const text = rewrites.reduce((before, [from, to]) => before.replace(from, to), await response.text());
      return new Response([204, 304].includes(response.status) ? null : text, response);
    };
    return look(startShippedNginx(behind()), { fetch: rewritten, ...more });
  };
  const SITE = 'SITE_URL in infra/.env';

  it('an address of the machine itself: the address to write has the path', async () => {
    const elsewhere = 'http://romm.example.org';
    const findings = await look(startShippedNginx(behind()), {
      authUrl: elsewhere,
      sfuUrl: elsewhere,
      fetch: (input, init) => fetch((input as string).replace(elsewhere, site.url), init),
    });
    for (const check of ['issuer', 'node-url']) {
      const found = wrongOf(findings).find((each) => each.check === check);
      expect(found).toMatchObject({ status: 'fault' });
      expect(found?.fix).toContain(`${elsewhere}/netplay`);
      expect(found?.fix).toContain(SITE);
    }
  });

  it('another scheme on localhost is no other machine', async () => {
    const findings = await otherwise([[/"issuer":"http:/g, '"issuer":"https:']]);
    const issuer = wrongOf(findings).filter(({ check }) => check === 'issuer');
    expect(issuer.map(({ status }) => status)).toContain('warning');
    expect(JSON.stringify(issuer)).not.toContain("player's machine");
    expect(issuer[0]?.fix).toContain(SITE);
  });

  it('RomM’s own address, without the path', async () => {
    const findings = await otherwise([
      [/"(issuer|url)":"([^"]*)\/netplay"/g, '"$1":"$2"'],
      [/"jwks_uri":"([^"]*)\/netplay\//g, '"jwks_uri":"$1/'],
    ]);
    expect(checksOf(findings)).toEqual(['issuer', 'node-url']);
    for (const { fix } of wrongOf(findings)) {
      expect(fix).toContain(`${site.url}/netplay`);
      expect(fix).toContain(SITE);
    }
  });

  it('https pages and an http node', async () => {
    const findings = await otherwise([
      [/"issuer":"http:[^"]*"/g, '"issuer":"https://romm.example.org/netplay"'],
      [/"url":"http:[^"]*"/g, '"url":"http://romm.example.org/netplay"'],
    ]);
    expect(wrongOf(findings).find(({ check }) => check === 'mixed-content')?.fix).toContain(SITE);
  });
});

describe('RomM’s own pages', () => {
  it('are tried without being asked to, and refused where the SFU does not know the host', async () => {
    const server = (await startShippedRules()).replaceAll(
      'proxy_set_header Host $http_host;',
      'proxy_set_header Host netplay.internal;',
    );
    const elsewhere = `http://localhost:${site.port}`;
    const findings = await look(nginx(server), { authUrl: elsewhere, sfuUrl: elsewhere });
    const refused = wrongOf(findings).filter(({ check }) => ['socket-origin', 'romm-socket'].includes(check));
    expect(refused).toHaveLength(2);
    for (const { status, fix } of refused) {
      expect(status).toBe('fault');
      expect(fix).toMatch(/PUBLIC_URL.*Host and X-Forwarded-Proto.*SITE_URL/);
    }
    await site.afterLook();
    const well = await look(startShippedNginx(behind()));
    expect(well.filter(({ check }) => check === 'socket-origin')).toMatchObject([{ status: 'ok' }]);
  });

  const startShippedRules = async () => {
    const rules = (await readText('infra/nginx/romm-netplay.conf'))
      .replace('http://netplay-auth:3100', site.instance.authUrl)
      .replace('http://netplay-sfu:3001', site.instance.sfuUrl);
    return `${rules} location / { proxy_pass http://${behind().romm}; }`;
  };
});

it('what was not asked for is not in the output; every finding that is wrong says what to do', async () => {
  const findings = await look(startShippedNginx(behind()));
  expect(findings.filter(({ status }) => status !== 'ok')).toEqual([]);
});

it('the paths of RomM that these tests look for in advice are RomM’s', () => {
  expect(ROMM_PATHS.filter((path) => whoAnswers(path) !== 'romm')).toEqual([]);
});
