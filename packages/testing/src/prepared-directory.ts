import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const CACHE = fileURLToPath(new URL('../../../node_modules/.cache/netplay/', import.meta.url));

/**
 * A new directory with a copy of what `make` makes, which is made once for all tests and runs: the name says what
 * it is, its version included. Whoever asks removes the copy.
 */
export async function preparedDirectory(
  name: string,
  make: (directory: string) => Promise<void>,
): Promise<string> {
  const prepared = join(CACHE, name);
  if (!existsSync(prepared)) await prepare(prepared, make);
  const copy = await mkdtemp(join(tmpdir(), 'netplay-prepared-'));
  await cp(prepared, copy, { recursive: true });
  return copy;
}

/** How auth makes the files of its embedded database, which takes seconds. */
export interface EmbeddedFiles {
  /** Where its program is, the version included. */
  readonly PGLITE: string;
  makePgliteFiles(directory: string): Promise<void>;
}

/** A new DATA_DIR with the files of an empty embedded database in it. */
export function dataDirectory({ PGLITE, makePgliteFiles }: EmbeddedFiles): Promise<string> {
  const version = createHash('sha256').update(PGLITE).digest('hex').slice(0, 12);
  return preparedDirectory(`data-${version}`, async (directory) => {
    const files = join(directory, 'pglite');
    await mkdir(files, { mode: 0o700 });
    await makePgliteFiles(files);
  });
}

/** Appears all at once; where another process was quicker, its work counts. */
async function prepare(prepared: string, make: (directory: string) => Promise<void>): Promise<void> {
  await mkdir(dirname(prepared), { recursive: true });
  const unfinished = await mkdtemp(`${prepared}.`);
  try {
    await make(unfinished);
    await rename(unfinished, prepared);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    if (!existsSync(prepared)) throw error;
  }
}
