import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createDisposers, eventually } from '@romm-netplay/testing';
import { type Player, startPlayer } from '../emulator/player.js';
import { type PlayerServer, startPlayerServer } from '../emulator/player-server.js';
import { startBrowser, type TestBrowser } from './support/browser.js';

const MINUTE_MS = 60_000;

const disposers = createDisposers();
let server: PlayerServer;
let browser: TestBrowser;
beforeAll(async () => {
  server = disposers.use(await startPlayerServer());
  browser = disposers.use(await startBrowser());
});
afterAll(() => disposers.closeAll());

const shows = (player: Player, expected: object) =>
  eventually(async () => expect(await player.screen()).toMatchObject(expected), MINUTE_MS / 2);

describe('EmulatorJS in a browser without a screen', () => {
  it(
    'runs our program from files of npm alone, and shows what both pads do',
    async () => {
      const context = await browser.newContext();
      const player = await startPlayer(context, server.url);
      await shows(player, { pad1: [], pad2: [], dark: 'black' });

      await player.press('A');
      await shows(player, { pad1: ['A'], pad2: [] });
      await player.press('Left');
      await shows(player, { pad1: ['A', 'Left'], pad2: [] });
      await player.release('A');
      await player.release('Left');
      await shows(player, { pad1: [], pad2: [] });

      await player.movePad2('B', 1);
      await shows(player, { pad1: [], pad2: ['B'] });
      await player.movePad2('B', 0);
      await shows(player, { pad1: [], pad2: [] });

      for (const dark of ['blue', 'red', 'green', 'black']) {
        await player.press('Start');
        await shows(player, { pad1: ['Start'], dark });
        await player.release('Start');
        await shows(player, { pad1: [], dark });
      }

      expect(player.requested).toContain('/data/cores/fceumm-legacy-wasm.data');
      expect(player.strayRequests).toEqual([]);
      expect(player.complaints).toEqual([]);
      await context.close();
    },
    2 * MINUTE_MS,
  );
});
