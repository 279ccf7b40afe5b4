/** The shim for pages as they are: a current token in EJS_netplayToken and in the cookie. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { installShim } from '../src/shim-install.js';
import type { ShimPage } from '../src/shim-page.js';
import { createClock, type TestClock, until } from './support/client.js';
import { html, problem, startServer, type TestServer } from './support/instance.js';

let server: TestServer;
let clock: TestClock;
beforeEach(async () => {
  server = await startServer();
  clock = createClock();
});
afterEach(async () => {
  expect(server.faults).toEqual([]);
  await server.close();
});

interface FakePage extends ShimPage {
  readonly cookies: string[];
  readonly warnings: string[];
  readonly changes: string[];
}

function createPage(protocol = 'https:', given: Partial<ShimPage> = {}): FakePage {
  const cookies: string[] = [];
  const warnings: string[] = [];
  const changes: string[] = [];
  return {
    ...{ cookies, warnings, changes, location: { protocol }, CustomEvent },
    document: {
      get cookie() {
        return cookies.at(-1) ?? '';
      },
      set cookie(value) {
        cookies.push(value);
      },
    },
    console: { warn: (...words: unknown[]) => void warnings.push(words.join(' ')) },
    dispatchEvent: (event) =>
      changes.push(`${event.type} ${(event as CustomEvent<{ type: string }>).detail.type}`) > 0,
    ...given,
  };
}

function install(page: FakePage, settings = {}): FakePage {
  const { now, sleep } = clock;
  installShim(page, { authUrl: server.url, ...settings }, { now, sleep, random: () => 0.5 });
  return page;
}
const started = async (page = createPage(), settings = {}) => {
  install(page, settings);
  await until(() => page.EJS_netplayToken !== '', 'the first token');
  return page;
};
const minted = () =>
  server.calls.filter(({ path }) => path === '/api/sfu/token').map(({ body }) => body['token_type']);

describe('a page with the shim', () => {
  it('has a read token in EJS_netplayToken and in the cookie, and hears of it', async () => {
    const page = await started();
    expect(page.EJS_netplayToken).toBe('read-1');
    expect(page.cookies).toEqual(['romm_sfu_token=read-1; path=/; SameSite=Strict; Max-Age=900; Secure']);
    expect(page.changes).toEqual(['netplay-token read']);
    expect(Object.keys(page)).toContain('EJS_netplayToken');
  });

  it('has a cookie without Secure on http, and one that decodes', async () => {
    server.on('/api/sfu/token', () => ({ body: { token: 'a b;c', token_type: 'bearer', expires: 900 } }));
    const page = await started(createPage('http:'));
    expect(page.cookies).toEqual(['romm_sfu_token=a%20b%3Bc; path=/; SameSite=Strict; Max-Age=900']);
  });

  it('shows the next token once somebody looks within a minute of the expiry, and never on a timer', async () => {
    const page = await started();
    clock.advance(839_000);
    expect(page.EJS_netplayToken).toBe('read-1');
    expect(minted()).toHaveLength(1);
    clock.advance(2_000);
    for (let looks = 0; looks < 50; looks += 1) expect(page.EJS_netplayToken).toBe('read-1');
    await until(() => page.EJS_netplayToken === 'read-2', 'the next token');
    expect(minted()).toHaveLength(2);
  });

  it('shows nothing that has expired', async () => {
    const page = await started();
    server.on('/api/sfu/token', () => problem(503, 'unavailable'));
    clock.advance(850_000);
    expect(page.EJS_netplayToken).toBe('read-1');
    await until(() => page.warnings.length === 1, 'the failure');
    expect(page.EJS_netplayToken).toBe('read-1');
    clock.advance(50_000);
    expect(page.EJS_netplayToken).toBe('');
    expect(page.cookies.at(-1)).toMatch(/^romm_sfu_token=; .*Max-Age=0/);
  });

  it('gets EJS_netplayUrl only when it has none', async () => {
    expect((await started(createPage(), { sfuUrl: 'https://sfu.example' })).EJS_netplayUrl).toBe(
      'https://sfu.example',
    );
    const own = createPage('https:', { EJS_netplayUrl: 'https://own.example' });
    expect((await started(own, { sfuUrl: 'https://sfu.example' })).EJS_netplayUrl).toBe(
      'https://own.example',
    );
    expect((await started()).EJS_netplayUrl).toBeUndefined();
  });

  it('may set a token of its own', async () => {
    const page = await started();
    page.EJS_netplayToken = 'own';
    expect(page.EJS_netplayToken).toBe('own');
  });
});

describe('handleSfuAuthError', () => {
  it('gets another read token, also without an argument, once for all who ask', async () => {
    const page = await started();
    const outcomes = await Promise.all([
      ...[page.handleSfuAuthError?.(), page.handleSfuAuthError?.('read'), page.handleSfuAuthError?.('read')],
    ]);
    expect(outcomes).toEqual([true, true, true]);
    expect([page.EJS_netplayToken, minted()]).toEqual(['read-2', ['read', 'read']]);
  });

  it('shows a write token for its 30 s, then the read token again', async () => {
    const page = await started();
    expect(await page.handleSfuAuthError?.('write')).toBe(true);
    expect(page.EJS_netplayToken).toBe('write-2');
    expect(page.cookies.at(-1)).toMatch(/^romm_sfu_token=write-2; .*Max-Age=30/);
    clock.advance(30_000);
    expect(page.EJS_netplayToken).toBe('read-1');
    expect(page.cookies.at(-1)).toMatch(/^romm_sfu_token=read-1; .*Max-Age=870/);
    expect(page.changes).toEqual(['netplay-token read', 'netplay-token write', 'netplay-token read']);
  });

  it('leaves no refused token behind when there is no other, and says why in one sentence', async () => {
    const page = await started();
    server.on('/api/sfu/token', () => html(200));
    expect(await page.handleSfuAuthError?.('read')).toBe(false);
    expect(page.EJS_netplayToken).toBe('');
    expect(page.cookies.at(-1)).toMatch(/^romm_sfu_token=; .*Max-Age=0/);
    expect(page.warnings).toEqual([
      expect.stringContaining('answered HTML, not JSON; check the URL and the proxy'),
    ]);
    expect(page.warnings.join()).not.toContain('read-1');
  });

  it('cannot hammer auth: four requests in ten seconds, whatever the page does', async () => {
    const page = await started();
    const atMs: number[] = [];
    server.on('/api/sfu/token', (_call, nth) => {
      atMs.push(clock.now());
      return nth % 2 ? problem(503, 'unavailable') : { body: { token: `t${nth}`, expires: 900 } };
    });
    for (let errors = 0; errors < 30; errors += 1)
      await page.handleSfuAuthError?.(errors % 3 ? 'read' : 'write');
    expect(atMs).toHaveLength(30);
    for (const [index, time] of atMs.entries()) {
      expect((atMs[index + 4] ?? Infinity) - time).toBeGreaterThanOrEqual(10_000);
    }
  });

  it('works for a player with a session of auth', async () => {
    const page = await started(createPage(), { identity: 'session' });
    expect(server.calls.map(({ path, authorization }) => [path, authorization])).toEqual([
      ['/api/auth/refresh', undefined],
      ['/api/sfu/token', 'Bearer access-r1'],
    ]);
    server.on('/api/auth/refresh', () => problem(401, 'no_session'));
    server.on('/api/sfu/token', () => problem(401, 'token_revoked'));
    expect(await page.handleSfuAuthError?.('read')).toBe(false);
    expect([page.EJS_netplayToken, page.warnings]).toEqual([
      '',
      ['netplay: no read token. Nobody is signed in; sign in.'],
    ]);
  });

  it('does not ask again by itself right after a failure, and warns once', async () => {
    server.on('/api/sfu/token', () => problem(403, 'not_signed_in'));
    const page = install(createPage());
    await until(() => page.warnings.length === 1, 'the failure');
    for (let looks = 0; looks < 20; looks += 1) expect(page.EJS_netplayToken).toBe('');
    expect(minted()).toHaveLength(1);
    clock.advance(60_000);
    expect(page.EJS_netplayToken).toBe('');
    await until(() => minted().length === 2, 'the next try');
    expect(page.warnings).toHaveLength(1);
  });
});
