/** The doctor in front of real services, with a reverse proxy between that makes the mistakes proxies make. */
import { rm } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import * as pgliteFiles from '@romm-netplay/auth/pglite-files';
import { diagnose, type Finding } from '@romm-netplay/doctor';
import { composeSfu } from '@romm-netplay/sfu/compose';
import { parseEmbeddedConfig } from '@romm-netplay/sfu/config';
import { createMemoryState } from '@romm-netplay/shared-state';
import { composeStandalone, type Standalone } from '@romm-netplay/standalone/compose';
import { parseConfig } from '@romm-netplay/standalone/config';
import { createDisposers, freePort, dataDirectory } from '@romm-netplay/testing';
import {
  type Misbehaviour,
  type MisbehavingProxy,
  startMisbehavingProxy,
} from './support/misbehaving-proxy.js';

const PAGE = '<!doctype html><html><body>RomM</body></html>';
const ADMIN_KEY = 'an-admin-key-for-these-tests';

const disposers = createDisposers();
let proxy: MisbehavingProxy;
let standalone: Standalone;
let dataDir: string;

beforeAll(async () => {
  dataDir = await dataDirectory(pgliteFiles);
  disposers.defer(() => rm(dataDir, { recursive: true, force: true }));
  proxy = disposers.use(await startMisbehavingProxy());
  const config = parseConfig({
    AUTH_ISSUER: proxy.url,
    PUBLIC_URL: proxy.url,
    AUTH_PORT: '0',
    SFU_PORT: '0',
    IDENTITY_PROVIDERS: 'local',
    TRUSTED_PROXIES: 'loopback',
    SFU_STUN_SERVERS: 'stun:stun.example.org',
    ADMIN_API_KEY: ADMIN_KEY,
    DATA_DIR: dataDir,
    LOG_LEVEL: 'silent',
  });
  standalone = disposers.use(await composeStandalone(config));
  proxy.leadTo({ authUrl: standalone.auth.url, sfuUrl: standalone.sfu.url });
});
afterEach(() => proxy.behave({}));
afterAll(() => disposers.closeAll());

const look = (more: Partial<Parameters<typeof diagnose>[0]> = {}) =>
  diagnose({ authUrl: proxy.url, sfuUrl: proxy.url, timeoutMs: 2_000, ...more });

const wrongOf = (findings: readonly Finding[]) =>
  findings.filter(({ status }) => status === 'fault' || status === 'warning');

const found = (findings: readonly Finding[], check: string): Finding | undefined =>
  wrongOf(findings).find((finding) => finding.check === check);

/** Answers every path that fits, upgrades included, and leaves the rest alone. */
const instead = (
  paths: RegExp,
  status: number,
  headers: Record<string, string>,
  body = PAGE,
): NonNullable<Misbehaviour['answer']> => {
  return (request, response) => {
    if (!paths.test(request.url ?? '')) return false;
    response.writeHead(status, headers).end(body);
    return true;
  };
};
const HTML = { 'content-type': 'text/html' };

describe('a healthy deployment', () => {
  it('has no finding (X1)', async () => {
    const findings = await look();
    expect(wrongOf(findings)).toEqual([]);
    expect(findings.filter(({ status }) => status === 'ok').length).toBeGreaterThan(10);
  });

  it('has none when it is asked as a page of its own origin', async () => {
    expect(wrongOf(await look({ origin: proxy.url }))).toEqual([]);
  });

  it('is found below the prefix that existing proxies strip, where the root is RomM’s', async () => {
    proxy.behave({
      rewritesPath: (path) =>
        /^\/(?:api|\.well-known)\//.test(path) ? path : (path.split('/netplay')[1] ?? '/romm'),
    });
    expect(wrongOf(await look())).toEqual([]);
  });
});

describe('broken deployments (X1, D29)', () => {
  const CASES: [what: string, wrong: Misbehaviour, check: string, says: RegExp][] = [
    [
      'RomM’s page in place of /api/',
      { answer: instead(/^\/api\//, 200, HTML) },
      'auth-answers',
      /HTML page.*RomM/,
    ],
    [
      'RomM’s page in place of /list',
      { answer: instead(/^\/list/, 200, HTML) },
      'sfu-answers',
      /\/list answers an HTML page/,
    ],
    [
      'RomM’s page in place of the keys',
      { answer: instead(/jwks/, 404, HTML) },
      'auth-answers',
      /jwks\.json answers an HTML page/,
    ],
    ['RomM’s page in place of the socket', { answer: instead(/^\/ws/, 200, HTML) }, 'socket', /HTML page/],
    [
      'another server’s JSON',
      { answer: instead(/^\/list/, 404, { 'content-type': 'application/json' }, '{"detail":"Not Found"}') },
      'sfu-answers',
      /another server/,
    ],
    [
      'a redirect to a sign-in page',
      { answer: instead(/^\/list/, 302, { location: '/login?next=secret-path' }) },
      'sfu-answers',
      /redirects to .*\/login;/,
    ],
    [
      'a redirect of the socket',
      { answer: instead(/^\/ws/, 302, { location: '/login?next=secret-path' }) },
      'socket',
      /redirects to .*\/login;/,
    ],
    [
      'basic auth in front',
      { answer: instead(/^\/list/, 401, HTML) },
      'sfu-answers',
      /wants a sign-in of its own/,
    ],
    ['a dead upstream', { sfuUrl: 'http://127.0.0.1:1' }, 'sfu-answers', /502.*does not reach the SFU/],
    ['the upgrade stripped', { stripsUpgrade: true }, 'socket', /Upgrade header is lost/],
    ['upgrades answered 426', { answer: instead(/^\/ws/, 426, {}, '') }, 'socket', /Upgrade header is lost/],
    ['upgrades answered 400', { answer: instead(/^\/ws/, 400, {}, '') }, 'socket', /Upgrade header is lost/],
    [
      'the socket’s path changed',
      { rewritesPath: (path) => path.replace(/^\/ws$/, '/sfu/ws') },
      'socket',
      /under another path than \/ws/,
    ],
    ['frames swallowed', { swallowsFrames: true }, 'socket', /no frame comes back/],
    [
      'the subprotocol dropped on the way there',
      { dropsRequestHeaders: ['sec-websocket-protocol'] },
      'socket',
      /Sec-WebSocket-Protocol does not reach/,
    ],
    [
      'the subprotocol dropped on the way back',
      { dropsResponseHeaders: ['sec-websocket-protocol'] },
      'socket',
      /without the subprotocol/,
    ],
    [
      'cookies stripped, seen at the SFU',
      { dropsRequestHeaders: ['cookie'] },
      'sfu-cookies',
      /romm_sfu_token/,
    ],
    ['cookies stripped, seen at auth', { dropsRequestHeaders: ['cookie'] }, 'auth-cookies', /romm_session/],
    [
      'Authorization stripped',
      { dropsRequestHeaders: ['authorization'] },
      'sfu-authorization',
      /no token will/,
    ],
    [
      'Authorization stripped, seen at auth',
      { dropsRequestHeaders: ['authorization'] },
      'auth-authorization',
      /no token will/,
    ],
    [
      'the host doubled in the issuer',
      { rewritesBody: (text) => text.replaceAll('"issuer":"', '"issuer":"https://games.example.org') },
      'issuer',
      /holds its host twice/,
    ],
    [
      'the keys named elsewhere',
      {
        rewritesBody: (text) => text.replace(/"jwks_uri":"[^"]*"/, '"jwks_uri":"https://evil.example/keys"'),
      },
      'issuer',
      /not below its issuer/,
    ],
    [
      'the host doubled in PUBLIC_URL',
      { rewritesBody: (text) => text.replaceAll('"url":"', '"url":"http://127.0.0.1') },
      'node-url',
      /holds its host twice/,
    ],
    [
      'the proxy’s cache',
      { addsResponseHeaders: { 'x-cache': 'HIT from nginx' } },
      'sfu-caching',
      /cached on the way/,
    ],
    ['old answers', { addsResponseHeaders: { age: '120' } }, 'auth-caching', /cached on the way/],
    [
      'answers that all may keep for a year',
      { addsResponseHeaders: { 'cache-control': 'public, max-age=31536000' } },
      'sfu-caching',
      /Cache-Control header .* is changed/,
    ],
    [
      'keys kept for a year',
      { addsResponseHeaders: { 'cache-control': 'public, max-age=31536000' } },
      'auth-keys',
      /after a rotation tokens will be refused/,
    ],
    [
      'mixed content',
      {
        rewritesBody: (text) =>
          text
            .replaceAll(/"url":"http:[^"]*"/g, '"url":"http://sfu.example.org"')
            .replaceAll(/"issuer":"http:[^"]*"/g, '"issuer":"https://games.example.org"'),
      },
      'mixed-content',
      /on https, http:\/\/sfu\.example\.org on http/,
    ],
    [
      'a component down',
      { rewritesBody: (text) => text.replace('"state":{"state":"up"', '"state":{"state":"down"') },
      'sfu-ready',
      /"state" of sfu is down/,
    ],
    ['slow answers', { delayMs: 2_100 }, 'auth-slow', /took 2\.\d s/],
    ['no answer', { answer: () => true }, 'auth-reachable', /No answer came in time/],
  ];

  it.each(CASES)('%s', async (_what, wrong, check, says) => {
    proxy.behave(wrong);
    const findings = await look({ timeoutMs: check === 'auth-slow' ? 8_000 : 1_000, totalMs: 15_000 });
    const finding = found(findings, check);
    expect(finding?.what ?? findings).toMatch(says);
    expect(finding?.fix).toMatch(/\w.*\.$/);
    expect(JSON.stringify(findings)).not.toContain('secret-path');
  });

  it('an answer that is kept is recognised by its request id', async () => {
    const kept = await (await fetch(`${proxy.url}/doctor/echo`)).text();
    proxy.behave({
      answer: instead(
        /^\/doctor\/echo/,
        200,
        { 'content-type': 'application/json', 'x-request-id': 'always-the-same' },
        kept,
      ),
    });
    expect(found(await look(), 'sfu-caching')?.what).toMatch(/cached on the way/);
  });

  it('nothing listens there', async () => {
    const authUrl = `http://127.0.0.1:${await freePort()}`;
    expect(found(await look({ authUrl }), 'auth-reachable')?.what).toMatch(
      /Nothing listens there \(ECONNREFUSED\)/,
    );
  });

  it('an unknown host', async () => {
    const findings = await look({ authUrl: 'http://no-such-host.invalid' });
    expect(found(findings, 'auth-reachable')?.what).toMatch(/host is not known|No answer came/);
  });

  it('http where https was asked for', async () => {
    const authUrl = proxy.url.replace('http:', 'https:');
    expect(found(await look({ authUrl }), 'auth-reachable')?.what).toMatch(/certificate is not accepted|cut/);
  });

  it.each(['https://romm.example.orghttps://romm.example.org', 'https://romm.example.org/romm.example.org'])(
    'a doubled host in the URL that was given: %s',
    async (authUrl) => {
      expect(wrongOf(await look({ authUrl }))).toEqual([
        expect.objectContaining({
          check: 'auth-url',
          what: expect.stringContaining('host twice') as unknown,
        }),
      ]);
    },
  );
});

describe('a node that is set up wrong (X1)', () => {
  async function startNode(changes: object, overrides: object = {}) {
    const config = parseEmbeddedConfig({
      PORT: '0',
      HOST: '127.0.0.1',
      AUTH_ISSUER: proxy.url,
      LOG_LEVEL: 'silent',
    });
    const node = disposers.use(
      await composeSfu(
        { ...config, publicUrl: proxy.url, ...changes },
        { state: createMemoryState(), keys: standalone.auth.keys, ...overrides },
      ),
    );
    proxy.behave({ sfuUrl: node.url });
    return node;
  }

  it('another issuer', async () => {
    await startNode({ authIssuer: 'https://other.example.org' });
    const finding = found(await look(), 'issuer');
    expect(finding?.what).toContain('takes those of https://other.example.org');
    expect(finding?.fix).toContain(`Set AUTH_ISSUER of the SFU to ${proxy.url}`);
  });

  it('a clock that is off', async () => {
    await startNode({}, { now: () => Date.now() + 60_000 });
    expect(found(await look(), 'clocks')?.what).toMatch(/60\.\d s apart, the SFU allows 5/);
  });

  it('this machine’s own clock', async () => {
    expect(found(await look({ now: () => Date.now() - 90_000 }), 'clocks')).toMatchObject({
      status: 'warning',
    });
  });

  it('a page whose origin is not allowed', async () => {
    const findings = await look({ origin: 'https://page.example.org' });
    const checks = wrongOf(findings).map(({ check }) => check);
    expect(checks).toEqual(['auth-cors', 'sfu-cors', 'socket-origin']);
    expect(found(findings, 'sfu-cors')?.fix).toContain('ALLOWED_ORIGINS');
  });

  it('a proxy that adds CORS headers of its own', async () => {
    proxy.behave({ addsResponseHeaders: { 'access-control-allow-origin': '*' } });
    const findings = await look({ origin: 'https://page.example.org' });
    expect(found(findings, 'sfu-cors')?.fix).toContain('Take the CORS headers out of the proxy');
  });
});

describe('with a token', () => {
  it('a bad one is refused with its reason, and shown nowhere, even if a server repeats it', async () => {
    const readToken = 'not-a-token-but-secret-all-the-same';
    proxy.behave({
      rewritesBody: (text) => text.replaceAll(/"issuer":"[^"]*"/g, `"issuer":"https://${readToken}"`),
    });
    const findings = await look({ readToken });
    expect(found(findings, 'token')?.what).toMatch(/401 token_malformed/);
    expect(JSON.stringify(findings)).not.toContain(readToken);
    expect(JSON.stringify(findings)).toContain('[secret]');
  });

  it('what servers say cannot control the terminal', async () => {
    proxy.behave({ rewritesBody: (text) => text.replaceAll('"issuer":"', '"issuer":"\\u001b[31m\\u202e') });
    expect((await look()).map(({ what }) => what).join()).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });
});

describe('the echo', () => {
  it('says whether a cookie and a header arrived, and repeats nothing (X1)', async () => {
    for (const path of ['/doctor/echo', '/api/auth/doctor/echo']) {
      const bare = (await (await fetch(`${proxy.url}${path}`)).json()) as object;
      expect(bare).toMatchObject({ cookie: false, authorization: false });
      const headers = { cookie: 'a=b; netplay_doctor=repeat-me', authorization: 'Bearer repeat-me' };
      const response = await fetch(`${proxy.url}${path}`, { headers });
      const text = await response.text();
      expect(JSON.parse(text)).toMatchObject({ cookie: true, authorization: true });
      expect(text).not.toContain('repeat-me');
      expect(response.headers.get('cache-control')).toBe('no-store');
    }
  });
});

describe('GET /doctor of a node (X1)', () => {
  const ask = (headers: Record<string, string>) => fetch(`${standalone.sfu.url}/doctor`, { headers });

  it('runs the same checks, for operators only', async () => {
    expect((await ask({})).status).toBe(401);
    const response = await ask({ authorization: `Bearer ${ADMIN_KEY}` });
    const text = await response.text();
    expect(JSON.parse(text)).toMatchObject({ status: 'ok' });
    expect(text).toContain('Sockets open at');
    expect(text).not.toContain(ADMIN_KEY);
  });

  it('finds what a proxy breaks', async () => {
    proxy.behave({ stripsUpgrade: true });
    const { status, findings } = (await (await ask({ authorization: `Bearer ${ADMIN_KEY}` })).json()) as {
      status: string;
      findings: Finding[];
    };
    expect(status).toBe('fault');
    expect(found(findings, 'socket')?.fix).toContain('proxy_set_header Upgrade');
  });
});
