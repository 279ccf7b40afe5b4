/**
 * Two people play together in RomM's way: EmulatorJS 4.2.3 in two browsers, the shipped nginx configuration, auth and
 * the SFU as deployed, and a stand-in for RomM that serves the page: N1 to N4, N6.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createDisposers, eventually } from '@romm-netplay/testing';
import type { Page } from 'playwright-core';
import { joinRoom, leaveRoom, openRoom } from '../emulator/netplay.js';
import type { Button } from '../emulator/nes-program.js';
import { type Player, startPlayer } from '../emulator/player.js';
import { servePlayer } from '../emulator/player-server.js';
import { serveVideoPage, VIDEO_PATH } from '../emulator/video-page.js';
import { startBrowser, type TestBrowser } from './support/browser.js';
import { type DeployedRomm, startDeployedRomm } from './support/deployed-romm.js';

const MINUTE_MS = 60_000;
const GAME_ID = 42;

const disposers = createDisposers();
let site: DeployedRomm;
let browser: TestBrowser;
let cookies: Record<string, string>;
beforeAll(async () => {
  const [player, video] = [servePlayer({ gameId: GAME_ID, asRomm: true }), serveVideoPage()];
  site = disposers.use(
    await startDeployedRomm((request, response) =>
      (request.url?.startsWith(VIDEO_PATH) === true ? video : player)(request, response),
    ),
  );
  browser = disposers.use(await startBrowser());
  const users = ['ada', 'bob', 'carl'].map((username) => site.romm.putUser({ username }));
  cookies = Object.fromEntries(users.map(({ id, username }) => [username, site.romm.openSession(id)]));
}, 3 * MINUTE_MS);
afterAll(() => disposers.closeAll());

async function contextOf(username: string) {
  const context = await browser.newContext();
  const cookie = { name: 'romm_session', value: cookies[username]!, url: site.url, httpOnly: true };
  await context.addCookies([cookie]);
  return context;
}
const signedIn = async (username: string) => startPlayer(await contextOf(username), site.url);
async function videoPage(username: string): Promise<Page> {
  const page = await (await contextOf(username)).newPage();
  await page.goto(`${site.url}${VIDEO_PATH}`);
  return page;
}

const listFor = async (username?: string) => {
  const headers = username === undefined ? {} : { cookie: `romm_session=${cookies[username]}` };
  const response = await fetch(`${site.url}/api/netplay/list?game_id=${GAME_ID}`, { headers });
  return { status: response.status, rooms: Object.values((await response.json()) as object) as object[] };
};
const shows = (player: Player, expected: object, timeoutMs = MINUTE_MS) =>
  eventually(async () => expect(await player.screen()).toMatchObject(expected), timeoutMs);
/** While pages are being brought to one state the emulator forgets what is pressed; people press again. */
const pressUntil = (player: Player, button: Button, isShown: () => Promise<void>) =>
  eventually(async () => {
    await player.press(button);
    try {
      await isShown();
    } catch (error) {
      await player.release(button);
      throw error;
    }
  }, 3 * MINUTE_MS);

describe('players of RomM', () => {
  it(
    'open, list and join a room with a password, and each sees what both do, for as long as they like',
    async () => {
      const [host, guest] = [await signedIn('ada'), await signedIn('bob')];
      const both = async (expected: object, timeoutMs = MINUTE_MS) => {
        await shows(host, expected, timeoutMs);
        await shows(guest, expected, timeoutMs);
      };
      const takeTurns = async () => {
        await pressUntil(host, 'A', () => both({ pad1: ['A'], pad2: [] }, 10_000));
        await host.release('A');
        await both({ pad1: [], pad2: [] });
        await pressUntil(guest, 'Left', () => both({ pad1: [], pad2: ['Left'] }, 10_000));
        await guest.release('Left');
        await both({ pad1: [], pad2: [] });
      };

      await openRoom(host, { room: 'friday', playerName: 'Ada', password: 'secret' });
      expect(await listFor()).toMatchObject({ status: 401 });
      expect(await listFor('carl')).toEqual({
        status: 200,
        rooms: [{ room_name: 'friday', player_name: 'ada', current: 1, max: 2, hasPassword: true }],
      });
      await joinRoom(guest, { room: 'friday', playerName: 'Bob', password: 'secret' });
      // It is full.
      expect(await listFor('carl')).toEqual({ status: 200, rooms: [] });
      await takeTurns();

      site.twentyMinutesLater();
      await takeTurns();
      await leaveRoom(guest);
      expect((await listFor('carl')).rooms).toMatchObject([{ current: 1 }]);
      await joinRoom(guest, { room: 'friday', playerName: 'Bob', password: 'secret' });
      await takeTurns();

      await leaveRoom(host);
      // Whose guest need not sit before a picture that stands still.
      await eventually(() => guest.page.evaluate(() => window.EJS_emulator.isNetplay === false), MINUTE_MS);
      expect((await listFor('carl')).rooms).toEqual([]);
      for (const player of [host, guest]) {
        expect(player.strayRequests).toEqual([]);
        expect(player.complaints).toEqual([]);
        await player.page.context().close();
      }
    },
    6 * MINUTE_MS,
  );

  it(
    'of EmulatorJS’ main line see the host’s picture, and the host sees what they press',
    async () => {
      const pages = await Promise.all(['ada', 'bob', 'carl'].map(videoPage));
      const [host, guest, other] = pages as [Page, Page, Page];
      const picture = (page: Page) => page.evaluate(() => window.netplay.picture());
      const everybody = (expected: boolean[]) =>
        Promise.all(
          pages.map((page) =>
            eventually(async () => expect(await picture(page)).toEqual(expected), MINUTE_MS),
          ),
        );

      expect(await host.evaluate(() => window.netplay.open('saturday', 4, 'secret'))).toBeNull();
      const listed = await guest.evaluate(() => window.netplay.list());
      expect(Object.values(listed)).toMatchObject([{ room_name: 'saturday', hasPassword: true }]);
      const [key = ''] = Object.keys(listed);
      const join = (page: Page, password: string) =>
        page.evaluate(([room, word]) => window.netplay.join(room!, 'saturday', word!), [key, password]);
      expect(await join(guest, 'guessed')).toBe('Incorrect password');
      expect(await join(guest, 'secret')).toBeNull();
      expect(await join(other, 'secret')).toBeNull();

      await everybody([false, false]);
      await guest.evaluate(() => window.netplay.press(1));
      await everybody([false, true]);
      await host.evaluate(() => window.netplay.press(1));
      await everybody([true, true]);
      await guest.evaluate(() => window.netplay.press(0));
      await everybody([true, false]);

      await host.evaluate(() => window.netplay.leave());
      for (const page of [guest, other]) {
        await eventually(() => page.evaluate(() => !window.netplay.inRoom), MINUTE_MS);
        const events = await page.evaluate(() => window.netplay.events.map(([name]) => name));
        expect(events).toContain('netplay-closed');
        await page.context().close();
      }
    },
    3 * MINUTE_MS,
  );

  it('find nothing of it in the logs that others must not see', () => {
    const output = site.output();
    expect(output).toContain('"listening"');
    for (const session of Object.values(cookies)) expect(output).not.toContain(session);
    expect(output).not.toMatch(/eyJ[\w-]+\.eyJ|"password"|secret"/);
  });
});
