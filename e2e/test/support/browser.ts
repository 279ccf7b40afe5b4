import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium } from 'playwright-core';

/** Without these, Chromium asks for updates and names of its vendor, which a closed network refuses one by one. */
const QUIET = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export interface TestBrowser {
  /** A browser profile of its own: other cookies, other storage. */
  newContext(): Promise<BrowserContext>;
  close(): Promise<void>;
}

/** Starts Debian's Chromium without a screen. */
export async function startBrowser(): Promise<TestBrowser> {
  const directory = await mkdtemp(join(tmpdir(), 'netplay-chromium-'));
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    headless: true,
    args: QUIET,
    env: { ...process.env, HOME: directory },
  });
  return {
    newContext: () => browser.newContext(),
    async close() {
      await browser.close();
      await rm(directory, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}
