/** How the files of the embedded database come to be. */
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Database, openDatabase } from '../src/adapters/sql/database.js';

let dataDir: string;
let opened: Database | undefined;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'netplay-pglite-'));
});
afterEach(async () => {
  await opened?.close();
  opened = undefined;
  await rm(dataDir, { recursive: true, force: true });
});

async function open(): Promise<Database> {
  opened = await openDatabase({ url: undefined, dataDir, onError: () => undefined, lockWaitSeconds: 0 });
  return opened;
}

describe('the files of the embedded database', () => {
  it('are made anew when an earlier start was killed before they were whole', async () => {
    await mkdir(join(dataDir, 'pglite.new', 'base'), { recursive: true });
    await writeFile(join(dataDir, 'pglite.new', 'PG_VERSION'), 'half');
    expect(await (await open()).ping()).toBeGreaterThan(0);
    expect((await readdir(dataDir)).filter((name) => name.endsWith('.new'))).toEqual([]);
  });

  it('are for their owner alone', async () => {
    await open();
    expect((await stat(join(dataDir, 'pglite'))).mode & 0o777).toBe(0o700);
  });

  it('leave nothing behind when they cannot be made, which is said, and can be made later', async () => {
    const node = process.execPath;
    process.execPath = '/bin/false';
    try {
      await expect(open()).rejects.toThrow(/could not be made in .*pglite; it needs 40 MB there/);
    } finally {
      process.execPath = node;
    }
    expect(await readdir(join(dataDir, 'pglite'))).toEqual([]);
    expect(await (await open()).ping()).toBeGreaterThan(0);
  });
});
