import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import * as pgliteFiles from '@romm-netplay/auth/pglite-files';
import { composeStandalone, type Standalone } from '@romm-netplay/standalone/compose';
import { parseConfig } from '@romm-netplay/standalone/config';
import { createDisposers, eventually, dataDirectory } from '@romm-netplay/testing';
import type { BrowserContext, Page } from 'playwright-core';
import { startBrowser, type TestBrowser } from './support/browser.js';

const PASSWORD = 'correct horse battery';
const MINUTE_MS = 60_000;

const disposers = createDisposers();
let skipMs = 0;
const now = () => Date.now() + skipMs;
let standalone: Standalone;
let browser: TestBrowser;
/** Of the page's own scripts and the browser's security checks. */
let complaints: string[];
beforeAll(async () => {
  const dataDir = await dataDirectory(pgliteFiles);
  disposers.defer(() => rm(dataDir, { recursive: true, force: true }));
  const ports = { AUTH_PORT: '0', SFU_PORT: '0' };
  standalone = disposers.use(
    await composeStandalone(parseConfig({ ...ports, DATA_DIR: dataDir, LOG_LEVEL: 'silent' }), { now }),
  );
  browser = disposers.use(await startBrowser());
});
afterAll(() => disposers.closeAll());
beforeEach(() => {
  complaints = [];
});

async function openPage(context: BrowserContext): Promise<Page> {
  const page = await context.newPage();
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    // A refused request is an answer like any other: 401 means that nobody is signed in.
    if (message.type() === 'error' && !/status of 4\d\d/.test(message.text()))
      complaints.push(message.text());
  });
  await page.goto(standalone.pageUrl);
  return page;
}
async function madeUpPlayer(context: BrowserContext): Promise<Page> {
  const page = await openPage(context);
  await page.getByRole('button', { name: 'Play as a made-up player' }).click();
  await page.getByRole('heading', { name: 'Rooms' }).waitFor();
  return page;
}
async function signIn(page: Page, username: string): Promise<void> {
  await page.getByLabel('Name').first().fill(username);
  await page.locator('#with-account').getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('heading', { name: 'Rooms' }).waitFor();
}
async function openRoom(page: Page, name: string): Promise<void> {
  await page.locator('#open').getByLabel('Name').fill(name);
  await page.getByRole('button', { name: 'Open' }).click();
  await page.getByRole('heading', { name }).waitFor();
}
async function joinRoom(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name: 'Refresh' }).click();
  await page.getByRole('row', { name }).getByRole('button', { name: 'Join' }).click();
  await page.getByRole('heading', { name }).waitFor();
}
const lit = (page: Page, slot: number) => page.locator(`#players [data-slot="${String(slot)}"] .lit`);

describe('the page, as a newcomer uses it', () => {
  it('lets two players open, join, see each other press buttons, chat and leave', async () => {
    const context = await browser.newContext();
    const [ada, bob] = [await madeUpPlayer(context), await madeUpPlayer(context)];
    await openRoom(ada, 'friday-night');
    await joinRoom(bob, 'friday-night');
    await expectText(ada.locator('#players li'), /P1 .*\(host\).*P2/);

    await ada.keyboard.down('ArrowUp');
    await ada.keyboard.down('x');
    await lit(bob, 0).nth(1).waitFor();
    expect(await lit(bob, 0).allTextContents()).toEqual(['↑', 'A']);
    await ada.keyboard.up('ArrowUp');
    await ada.keyboard.up('x');
    await lit(bob, 0).first().waitFor({ state: 'detached' });
    await bob.keyboard.down('Enter');
    await lit(ada, 1).first().waitFor();

    await bob.getByLabel('Message').fill('hello <b>there</b>');
    await bob.getByRole('button', { name: 'Send' }).click();
    await expectText(ada.locator('#chat li'), /hello <b>there<\/b>$/);
    await bob.getByRole('button', { name: 'Leave' }).click();
    await bob.getByRole('heading', { name: 'Rooms' }).waitFor();
    await bob.close();
    await ada.close();
    expect(complaints).toEqual([]);
    await context.close();
  });

  it('gives a reloaded tab its slot back (R4)', async () => {
    const context = await browser.newContext();
    const ada = await madeUpPlayer(context);
    await openRoom(ada, 'reload');
    await ada.reload();
    await joinRoom(ada, 'reload');
    await expectText(ada.locator('#players li'), /P1 .*\(host\)/);
    expect(await ada.locator('#players li').count()).toBe(1);
    expect(complaints).toEqual([]);
    await context.close();
  });
});

describe('a page whose script does not come', () => {
  it('says so: set-up, without a form that would put the password into the address', async () => {
    const context = await browser.newContext();
    await context.route('**/*.js', (route) => route.abort());
    const page = await context.newPage();
    await page.goto(`${standalone.auth.url}/setup#a-code`);
    await page.getByText('This page needs its script').waitFor();
    expect(await page.getByLabel('Password').isVisible()).toBe(false);
    await context.close();
  });

  it('says so: the page to play on, also when only a part of it is missing', async () => {
    const context = await browser.newContext();
    await context.route('**/netplay-federation.js', (route) => route.abort());
    const page = await context.newPage();
    await page.goto(standalone.pageUrl);
    await page.getByText('This page needs its script').waitFor();
    await context.unroute('**/netplay-federation.js');
    await page.reload();
    await page.getByRole('button', { name: 'Play as a made-up player' }).waitFor();
    expect(await page.getByText('This page needs its script').count()).toBe(0);
    await context.close();
  });
});

describe('accounts in the browser (S1, S4)', () => {
  it('are opened by the printed link, which works once; a session survives a reload and ends everywhere', async () => {
    const context = await browser.newContext();
    const setup = await context.newPage();
    await setup.goto(standalone.auth.setupUrl!);
    expect(setup.url()).not.toContain('#');
    await setup.getByLabel('Name').fill('Root');
    await setup.getByLabel('Password').fill(PASSWORD);
    await setup.getByRole('button', { name: 'Create' }).click();
    await setup.getByText('Done. Sign in as Root.').waitFor();

    const first = await openPage(context);
    await signIn(first, 'root');
    await expectText(first.locator('#who span'), /^Root$/);
    await first.reload();
    await first.getByRole('heading', { name: 'Rooms' }).waitFor();
    expect(await first.evaluate(() => document.cookie)).toBe('');
    expect(await first.evaluate(() => JSON.stringify([localStorage, sessionStorage]))).toBe('[{},{}]');

    const second = await openPage(context);
    await second.getByRole('heading', { name: 'Rooms' }).waitFor();
    const rooms = standalone.sfu.rooms;
    await openRoom(second, 'ends-with-the-session');
    await first.getByRole('button', { name: 'Sign out' }).click();
    await first.getByRole('heading', { name: 'Sign in' }).waitFor();
    await second.getByRole('heading', { name: 'Sign in' }).waitFor();
    await eventually(() => Promise.resolve(standalone.sfu.rooms === rooms));
    expect(complaints).toEqual([]);
    await context.close();
  });

  it('in two tabs: joining in one takes the place from the other, and they do not fight (S5)', async () => {
    const context = await browser.newContext();
    const first = await openPage(context);
    await signIn(first, 'root');
    const second = await openPage(context);
    await openRoom(first, 'mine');
    await joinRoom(second, 'mine');
    await first.getByText(/went to another tab/).waitFor();
    await expectText(second.locator('#players li'), /P1 .*\(host\)/);
    expect(complaints).toEqual([]);
    await context.close();
  });

  it('refresh in two tabs at once, 200 times, with the SDK and without: no family is revoked', async () => {
    const context = await browser.newContext();
    const [one, two] = [await openPage(context), await openPage(context)];
    await signIn(one, 'root');
    await two.reload();
    const authUrl = new URL(standalone.auth.url);
    authUrl.hostname = 'localhost';
    const bare = (page: Page) =>
      page.evaluate(async (url) => {
        const init = { method: 'POST', credentials: 'include' } as const;
        const statuses: number[] = [];
        for (let round = 0; round < 100; round += 1) {
          statuses.push((await fetch(`${url}api/auth/refresh`, init)).status);
        }
        return statuses.filter((status) => status !== 200);
      }, authUrl.href);
    expect(await Promise.all([bare(one), bare(two)])).toEqual([[], []]);
    const withSdk = (page: Page) =>
      page.evaluate(async () => {
        const { createNetplayClient } = (await import(`${location.origin}/play/netplay.js`)) as {
          createNetplayClient: (options: object) => { restore(): Promise<unknown>; close(): Promise<void> };
        };
        const { sfuUrl } = (await (await fetch('config.json')).json()) as { sfuUrl: string };
        const endpoints = { authUrl: location.origin, sfuUrl };
        let players = 0;
        for (let round = 0; round < 100; round += 1) {
          const client = createNetplayClient(endpoints);
          if ((await client.restore()) !== undefined) players += 1;
          await client.close();
        }
        return players;
      });
    expect(await Promise.all([withSdk(one), withSdk(two)])).toEqual([100, 100]);
    await one.reload();
    await one.getByRole('heading', { name: 'Rooms' }).waitFor();
    expect(complaints).toEqual([]);
    await context.close();
  }, 60_000);

  it('end when a stolen refresh token comes back: both tabs are signed out, the socket is closed', async () => {
    const context = await browser.newContext();
    const page = await openPage(context);
    await signIn(page, 'root');
    const [stolen] = await context.cookies();
    expect(stolen).toMatchObject({
      name: expect.stringMatching(/^netplay_refresh_[0-9a-f]{8}$/),
      httpOnly: true,
      sameSite: 'Strict',
      path: '/api/auth',
    });
    await openRoom(page, 'robbed');
    const present = async () => {
      const headers = { cookie: `${stolen!.name}=${stolen!.value}` };
      return (await fetch(`${standalone.auth.url}/api/auth/refresh`, { method: 'POST', headers })).status;
    };
    expect(await present()).toBe(200);
    skipMs += 2 * MINUTE_MS;
    expect(await present()).toBe(401);
    await page.getByRole('heading', { name: 'Sign in' }).waitFor({ timeout: 5_000 });
    await eventually(() => Promise.resolve(standalone.sfu.connections === 0));
    expect(complaints).toEqual([]);
    await context.close();
  });
});

describe('a game that outlives its tokens (S2, P1.10)', () => {
  it('goes on for 20 minutes without losing one frame, and new tokens come when they are needed', async () => {
    const context = await browser.newContext();
    await context.clock.install();
    const [ada, bob] = [await madeUpPlayer(context), await madeUpPlayer(context)];
    const requests: string[] = [];
    for (const page of [ada, bob])
      page.on('request', (request) => requests.push(new URL(request.url()).pathname));
    await openRoom(ada, 'long-game');
    await joinRoom(bob, 'long-game');
    requests.length = 0;

    await bob.evaluate(() => {
      const seen: string[] = [];
      Object.assign(window, { seen });
      const pad = document.querySelector('#players')!;
      new MutationObserver(() => {
        const state = [...pad.querySelectorAll('[data-slot="0"] .lit')]
          .map((cell) => cell.textContent)
          .join('');
        if (state !== seen.at(-1)) seen.push(state);
      }).observe(pad, { subtree: true, attributes: true });
    });
    for (let minute = 0; minute < 20; minute += 1) {
      await ada.keyboard.down('ArrowUp');
      await lit(bob, 0).first().waitFor();
      await ada.keyboard.up('ArrowUp');
      await lit(bob, 0).first().waitFor({ state: 'detached' });
      skipMs += MINUTE_MS;
      await context.clock.fastForward(MINUTE_MS);
    }
    const seen = await bob.evaluate(() => (window as unknown as { seen: string[] }).seen);
    expect(seen).toEqual(Array.from({ length: 20 }, () => ['↑', '']).flat());
    // Nothing is fetched on a timer.
    expect(requests).toEqual([]);

    await bob.getByRole('button', { name: 'Leave' }).click();
    await joinRoom(bob, 'long-game');
    expect(requests.filter((path) => path === '/api/sfu/token').length).toBeGreaterThan(0);
    expect(complaints).toEqual([]);
    await context.close();
  }, 60_000);
});

async function expectText(locator: ReturnType<Page['locator']>, pattern: RegExp): Promise<void> {
  await eventually(async () => {
    expect((await locator.allTextContents()).join(' ')).toMatch(pattern);
  }, 5_000);
}
