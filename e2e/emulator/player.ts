import { eventually } from '@romm-netplay/testing';
import type { BrowserContext, Page } from 'playwright-core';
import { type Button, BUTTONS, DARK_COLOURS, type DarkColour } from './nes-program.js';

/** Of the emulator in a page, what tests touch. */
declare global {
  interface Window {
    readonly gameStarted: Promise<void>;
    /** Sent when a room is joined. */
    roomPassword: string | undefined;
    readonly EJS_emulator: {
      readonly canvas: HTMLCanvasElement;
      /** Whether this page is in a room. */
      readonly isNetplay?: boolean;
      readonly elements: { readonly bottomBar: { readonly netplay: readonly [HTMLElement] } };
      readonly gameManager: {
        /** As a pad would; in netplay it is pad 1 of this page that becomes the player's own. */
        simulateInput(pad: number, button: number, value: 0 | 1): void;
        /** Counts the frames that the game has had. */
        getFrameNum(): number;
      };
    };
  }
}

/** The keys that EmulatorJS takes for the buttons of pad 1, and the numbers it has for those of any pad. */
const KEYS: Readonly<Record<Button, string>> = {
  ...{ A: 'z', B: 'x', Select: 'v', Start: 'Enter' },
  ...{ Up: 'ArrowUp', Down: 'ArrowDown', Left: 'ArrowLeft', Right: 'ArrowRight' },
};
const NUMBERS: Readonly<Record<Button, number>> = {
  ...{ A: 8, B: 0, Select: 2, Start: 3, Up: 4, Down: 5, Left: 6, Right: 7 },
};

/** On an idle machine a page starts in 3 s; on one with six times as much to do as it can, it took 25. */
const PATIENCE_MS = 90_000;

/** What the program shows. */
export interface Screen {
  readonly pad1: readonly Button[];
  readonly pad2: readonly Button[];
  readonly dark: DarkColour;
}

export interface Player {
  readonly page: Page;
  /** What the page asked other origins for; they did not answer. */
  readonly strayRequests: readonly string[];
  /** Errors of the page's scripts. */
  readonly complaints: readonly string[];
  /** Everything the page asked for, as paths. */
  readonly requested: readonly string[];
  press(button: Button): Promise<void>;
  release(button: Button): Promise<void>;
  /** Moves a button of another pad than the keyboard's. */
  movePad2(button: Button, value: 0 | 1): Promise<void>;
  /** @throws when the picture is not one of the program */
  screen(): Promise<Screen>;
  frames(): Promise<number>;
}

/**
 * Opens a page of a player server and waits until the program's picture is there.
 *
 * @param otherOrigins what the page may talk to beside its own origin
 */
export async function startPlayer(
  context: BrowserContext,
  url: string,
  otherOrigins: readonly string[] = [],
): Promise<Player> {
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  const strayRequests: string[] = [];
  const complaints: string[] = [];
  const requested: string[] = [];
  const known = [url, ...otherOrigins].map((origin) => new URL(origin).host);
  const isKnown = (address: string) => known.includes(new URL(address).host);

  await page.route(/^https?:/, async (route) => {
    const address = route.request().url();
    if (isKnown(address)) {
      requested.push(new URL(address).pathname);
      return route.continue();
    }
    strayRequests.push(address);
    return route.abort();
  });
  await page.routeWebSocket(/./, (socket) => {
    if (isKnown(socket.url())) return void socket.connectToServer();
    strayRequests.push(socket.url());
    void socket.close();
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(url);
  await page.evaluate(() => window.gameStarted);

  const player: Player = {
    ...{ page, strayRequests, complaints, requested },
    press: (button) => page.keyboard.down(KEYS[button]),
    release: (button) => page.keyboard.up(KEYS[button]),
    movePad2: (button, value) =>
      page.evaluate(([number, on]) => window.EJS_emulator.gameManager.simulateInput(1, number, on), [
        NUMBERS[button],
        value,
      ] as const),
    screen: async () => toScreen(await readCells(page)),
    frames: () => page.evaluate(() => window.EJS_emulator.gameManager.getFrameNum()),
  };
  await eventually(() => player.screen(), PATIENCE_MS);
  return player;
}

type Pixel = readonly number[];

/** The colour in the middle of each of the 8x2 cells. Bars above and below the picture are too thin to matter. */
function readCells(page: Page): Promise<Pixel[][]> {
  return page.evaluate(() => {
    const { canvas } = window.EJS_emulator;
    const copy = new OffscreenCanvas(8, 2);
    const context = copy.getContext('2d', { willReadFrequently: true })!;
    const [width, height] = [canvas.width / 8, canvas.height / 2];
    return [0, 1].map((row) =>
      [0, 1, 2, 3, 4, 5, 6, 7].map((column) => {
        const [x, y] = [(column + 0.5) * width, (row + 0.5) * height];
        context.drawImage(canvas, x, y, 1, 1, column, row, 1, 1);
        return [...context.getImageData(column, row, 1, 1).data];
      }),
    );
  });
}

const isLit = (pixel: Pixel) => pixel.slice(0, 3).every((part) => part > 200);

function toScreen(rows: readonly (readonly Pixel[])[]): Screen {
  const [pad1, pad2] = rows.map((row) => BUTTONS.filter((_, column) => isLit(row[column]!)));
  const dark = new Set(
    rows
      .flat()
      .filter((pixel) => !isLit(pixel))
      .map(nameDark),
  );
  const [only] = dark;
  if (dark.size !== 1 || only === undefined)
    throw new Error(`Not the program's picture: ${JSON.stringify(rows)}`);
  return { pad1: pad1!, pad2: pad2!, dark: only };
}

/** The dark colours are pure; before the program has set its own, the picture is grey or not there. */
function nameDark([red = 0, green = 0, blue = 0, alpha]: Pixel): DarkColour | undefined {
  const bright = Object.entries({ red, green, blue }).filter(([, part]) => part > 50);
  const [name = 'black'] = bright.map(([part]) => part);
  return alpha === 255 && bright.length < 2 ? DARK_COLOURS.find((colour) => colour === name) : undefined;
}
