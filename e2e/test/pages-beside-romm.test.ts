/** What auth's pages say to people who come to them from RomM, behind the shipped nginx configuration (N3, W1). */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createDisposers, eventually, freePort, ROMM_RELEASES } from '@romm-netplay/testing';
import type { BrowserContext, Page } from 'playwright-core';
import { startBrowser, type TestBrowser } from './support/browser.js';
import { startShippedNginx } from './support/proxies.js';
import { type RommInstance, startRommInstance } from './support/romm-instance.js';

const NO_NODE = 'The game server does not answer; try again shortly.';

const disposers = createDisposers();
let instance: RommInstance;
let site: string;
let browser: TestBrowser;
const contexts: BrowserContext[] = [];
beforeAll(async () => {
  const port = await freePort();
  site = `http://127.0.0.1:${port}`;
  const release = ROMM_RELEASES.find(({ name }) => name === '5.2')!;
  instance = disposers.use(await startRommInstance({ release, site }));
  const [auth, sfu, romm] = [instance.authUrl, instance.sfuUrl, instance.romm.url].map(
    (url) => new URL(url).host,
  );
  disposers.use(await startShippedNginx({ auth: auth!, sfu: [sfu!], romm: romm!, port }));
  browser = disposers.use(await startBrowser());
}, 60_000);
afterAll(() => disposers.closeAll());
afterEach(async () => {
  for (const context of contexts.splice(0)) await context.close();
});

/** A browser of its own at a path of the site. */
async function visit(path: string): Promise<Page> {
  const context = await browser.newContext();
  contexts.push(context);
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  await page.goto(`${site}${path}`);
  return page;
}
async function signInToRomm(page: Page, username: string): Promise<void> {
  const { session } = instance.signIn(username);
  await page.context().addCookies([{ name: 'romm_session', value: session, url: site, httpOnly: true }]);
}
async function player(username: string): Promise<Page> {
  const page = await visit('/netplay/play/');
  await signInToRomm(page, username);
  await page.getByRole('button', { name: 'Continue with RomM' }).click();
  await page.getByRole('heading', { name: 'Rooms' }).waitFor();
  return page;
}
async function open(page: Page, name: string, players: number): Promise<void> {
  await page.locator('#open').getByLabel('Name').fill(name);
  await page.getByLabel('Players').fill(String(players));
  await page.getByRole('button', { name: 'Open the room' }).click();
  await page.getByRole('heading', { name }).waitFor();
}
async function enter(page: Page, name: string, way: string): Promise<void> {
  await page.getByRole('button', { name: 'Refresh' }).click();
  await page.getByRole('row', { name }).getByRole('button', { name: way }).click();
  await page.getByRole('heading', { name }).waitFor();
}
const says = (page: Page, selector: string, pattern: RegExp) =>
  eventually(async () => {
    expect((await page.locator(selector).allTextContents()).join(' ').replace(/\s+/g, ' ')).toMatch(pattern);
  }, 10_000);

describe('who comes by', () => {
  it('finds RomM first, then the rooms, and stays below the prefix', async () => {
    const page = await visit('/netplay/');
    await page.getByRole('link', { name: 'Open RomM' }).click();
    expect(page.url()).toBe(`${site}/`);
    await page.goBack();
    await page.getByRole('link', { name: 'Go to the rooms' }).click();
    expect(page.url()).toBe(`${site}/netplay/play/`);
    await page.goto(`${site}/netplay/play`);
    expect(page.url()).toBe(`${site}/netplay/play/`);
    await page.getByRole('button', { name: 'Continue with RomM' }).waitFor();
  });

  it('and is not signed in to RomM, is led there and back', async () => {
    const page = await visit('/netplay/play/');
    const signIn = page.getByRole('button', { name: 'Continue with RomM' });
    await signIn.click();
    await says(
      page,
      '#notice',
      /^You are not signed in to RomM in this browser\. Open RomM, sign in, and come back\.$/,
    );
    const [romm] = await Promise.all([
      page.waitForEvent('popup'),
      page.locator('#notice').getByRole('link', { name: 'Open RomM' }).click(),
    ]);
    expect(romm.url()).toBe(`${site}/`);
    await romm.close();
    await signInToRomm(page, 'ada');
    await signIn.click();
    await says(page, '#who span', /^ada$/);
  });

  it('and meets RomM’s kiosk, or a RomM that is down, is told so', async () => {
    const page = await visit('/netplay/play/');
    await page.context().addCookies([{ name: 'romm_session', value: 'of-a-visitor', url: site }]);
    instance.romm.behave({ kiosk: true });
    const signIn = page.getByRole('button', { name: 'Continue with RomM' });
    await signIn.click();
    await says(page, '#notice', /^RomM shows you around as a visitor\. Open RomM, sign in, and come back\.$/);
    instance.romm.behave({ kiosk: false });
    await instance.romm.goDown();
    try {
      await page.context().addCookies([{ name: 'romm_session', value: 'of-somebody', url: site }]);
      await signIn.click();
      await says(page, '#notice', /^RomM does not answer just now; try again shortly\.$/);
    } finally {
      await instance.romm.comeBack();
    }
  });
});

describe('a room', () => {
  it('that is full is for watching; who has a place in it comes back to it', async () => {
    const [ada, bob, eve] = [await player('ada'), await player('bob'), await player('eve')];
    await says(ada, '#rooms-line', /^No rooms yet\. Open one/);
    await open(ada, 'duel', 2);
    await enter(bob, 'duel', 'Join');
    await eve.getByRole('button', { name: 'Refresh' }).click();
    const row = eve.getByRole('row', { name: 'duel' });
    await row.getByText('2/2').waitFor();
    expect(await row.getByRole('button', { name: 'Join' }).count()).toBe(0);
    expect(await row.getByRole('button', { name: 'Full' }).isDisabled()).toBe(true);
    await enter(eve, 'duel', 'Watch');
    await says(eve, '#line', /You are watching/);

    await bob.getByLabel('Message').fill('hello');
    await bob.getByRole('button', { name: 'Send' }).click();
    await says(ada, '#chat', /bob: hello/);
    await ada.reload();
    await enter(ada, 'duel', 'Join again');
    await says(ada, '#players li', /P1 ada \(host\).*P2 bob.*watching eve/);
    await says(ada, '#chat', /bob: hello/);
  });

  it('goes on when its host leaves, and says under whom', async () => {
    const [ada, bob] = [await player('ada'), await player('bob')];
    await open(ada, 'heirs', 2);
    await enter(bob, 'heirs', 'Join');
    await ada.getByRole('button', { name: 'Leave' }).click();
    await says(bob, '#notice', /^ada has left: you are the host now\.$/);
  });

  it('tells who is put out of it, and who stays outside, what they can do', async () => {
    const [ada, bob] = [await player('ada'), await player('bob')];
    await ada.evaluate(async () => {
      const { createNetplayClient } = (await import(`${location.href}netplay.js`)) as {
        createNetplayClient: (options: object) => {
          openRoom(options: object): Promise<{
            on(
              type: string,
              listener: (data: { users: { name: string; player_id: string }[] }) => void,
            ): void;
            request(type: string, data: object): Promise<unknown>;
          }>;
        };
      };
      const base = new URL('..', location.href).href;
      const room = await createNetplayClient({ authUrl: base, sfuUrl: base }).openRoom({ name: 'strict' });
      room.on('users-updated', ({ users }) => {
        const bob = users.find(({ name }) => name === 'bob');
        if (bob) void room.request('kick-player', { player_id: bob.player_id, ban: true });
      });
    });
    await bob.getByRole('button', { name: 'Refresh' }).click();
    const join = bob.getByRole('row', { name: 'strict' }).getByRole('button', { name: 'Join' });
    await join.click();
    await says(bob, '#notice', /^The host put you out of the room; join another, or open one\.$/);
    await join.click();
    await says(bob, '#notice', /^The host has banned you from this room; join another\.$/);
    await bob.locator('#open').getByLabel('Name').fill('strict');
    await bob.getByRole('button', { name: 'Open the room' }).click();
    await says(bob, '#notice', /^There is a room of this name; choose another name, or join it\.$/);
  });
});

describe('auth that does not answer', () => {
  it.each([
    ['at all', undefined, /^The server does not answer; check your connection, and try again shortly\.$/],
    ['just now', 503, /^The server cannot do this just now; try again shortly\.$/],
    ['so often', 429, /^That was too much at once; wait a moment, then try again\.$/],
  ])('%s is no list without rooms', async (_how, status, sentence) => {
    const ada = await player('ada');
    await ada.route('**/api/federation/rooms', (route) =>
      status === undefined
        ? route.abort()
        : route.fulfill({ status, json: { code: 'new', detail: 'POST it' } }),
    );
    await ada.getByRole('button', { name: 'Refresh' }).click();
    await says(ada, '#rooms-line', sentence);
    await ada.unroute('**/api/federation/rooms');
    await ada.getByRole('button', { name: 'Refresh' }).click();
    await says(ada, '#rooms-line', /^(No rooms yet.*)?$/);
  });
});

describe('a node that is down', () => {
  it('is said to be, wherever a player meets it', async () => {
    const ada = await player('ada');
    await instance.closeNodes();
    await ada.getByRole('button', { name: 'Refresh' }).click();
    await says(ada, '#rooms-line', new RegExp(`^${NO_NODE}$`));
    await ada.locator('#open').getByLabel('Name').fill('nowhere');
    await ada.getByRole('button', { name: 'Open the room' }).click();
    await says(ada, '#notice', new RegExp(`^${NO_NODE}$`));
    // Whoever comes only now.
    await ada.reload();
    await says(ada, '#notice', /^The game server does not answer just now; this page tries again by itself/);
  }, 40_000);
});
