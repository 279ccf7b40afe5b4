import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, rmdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PGlite } from '@electric-sql/pglite';
import { StartError } from '@romm-netplay/service-kit';

/**
 * PGlite asks for 128 MB of buffers. A few thousand accounts and sessions fit into far less, and what is not
 * there is read from files that the system keeps in its own cache.
 */
export const PGLITE_START = [...PGlite.defaultStartParams, '-c', 'shared_buffers=4MB'];

/** Where its program is, the version included. */
export const PGLITE = createRequire(import.meta.url).resolve('@electric-sql/pglite');

/** Answers nothing and ends; what it took is given back with its end. */
const MAKE = `
  const { PGlite } = require(process.argv[1]);
  const database = new PGlite(process.argv[2]);
  database.waitReady.then(() => database.close()).catch((error) => {
    console.error(error);
    process.exitCode = 1;
  });
`;

/**
 * Makes the files of a new database, where there is none yet. Making them takes WebAssembly memory of 600 MB,
 * which never shrinks, so another process does it. The files appear all at once: a start that is killed
 * leaves no half of a database.
 */
export async function makePgliteFiles(directory: string): Promise<void> {
  if (existsSync(join(directory, 'PG_VERSION'))) return;
  const unfinished = `${directory}.new`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { mode: 0o700 });
  try {
    await promisify(execFile)(process.execPath, ['--eval', MAKE, PGLITE, unfinished]);
  } catch (cause) {
    await rm(unfinished, { recursive: true, force: true });
    throw new StartError(
      `The database could not be made in ${directory}; it needs 40 MB there, and 800 MB of memory once.`,
      { cause },
    );
  }
  await rmdir(directory);
  await rename(unfinished, directory);
}
