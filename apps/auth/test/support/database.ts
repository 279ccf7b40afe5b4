import { rm } from 'node:fs/promises';
import { dataDirectory } from '@romm-netplay/testing';
import { type Database, openDatabase } from '../../src/adapters/sql/database.js';
import * as pgliteFiles from '../../src/adapters/sql/pglite-files.js';

let opened: Promise<Database & { directory: string }> | undefined;

/** One embedded database for a test file: opening it takes seconds, and tests use names of their own. */
export function testDatabase(): Promise<Database> {
  opened ??= (async () => {
    const directory = await dataDirectory(pgliteFiles);
    const database = await openDatabase({ url: undefined, dataDir: directory, onError: () => undefined });
    return { ...database, directory };
  })();
  return opened;
}

/** Ends it; every test file that starts auth calls this in its last afterAll. */
export async function closeTestDatabase(): Promise<void> {
  const database = await opened;
  opened = undefined;
  await database?.close();
  if (database !== undefined) await rm(database.directory, { recursive: true, force: true });
}
