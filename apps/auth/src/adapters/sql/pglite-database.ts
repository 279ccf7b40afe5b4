import { access, constants, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { directoryFailure, StartError } from '@romm-netplay/service-kit';
import { Kysely } from 'kysely';
import { lock } from 'proper-lockfile';
import type { Database, DatabaseOptions, Sql } from './database.js';
import { INT8_OID } from './int8.js';
import { pgliteDialect } from './pglite-dialect.js';
import { makePgliteFiles, PGLITE_START } from './pglite-files.js';

/** PostgreSQL in this process, on files in `dataDir` that it has for itself. */
export async function openPglite({
  dataDir,
  lockWaitSeconds = 12,
}: DatabaseOptions): Promise<Pick<Database, 'sql' | 'close'>> {
  const directory = join(dataDir, 'pglite');
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    // What is locked below is written, and a lock that cannot be is waited for.
    await Promise.all([dataDir, directory].map((each) => access(each, constants.W_OK)));
  } catch (error) {
    throw directoryFailure(error, 'DATA_DIR', dataDir);
  }
  const release = await lockDirectory(directory, lockWaitSeconds);
  await makePgliteFiles(directory).catch(async (error: unknown) => {
    await release();
    throw error;
  });
  const pglite = new PGlite(directory, { parsers: { [INT8_OID]: Number }, startParams: PGLITE_START });
  const sql: Sql = new Kysely({ dialect: pgliteDialect(pglite) });
  return {
    sql,
    async close() {
      await sql.destroy();
      await release();
    },
  };
}

/** PGlite does not notice a second process on its files, and both would spoil them. */
async function lockDirectory(directory: string, waitSeconds: number): Promise<() => Promise<void>> {
  try {
    return await lock(directory, {
      stale: 10_000,
      update: 2_000,
      retries: { retries: waitSeconds, factor: 1, minTimeout: 1_000 },
    });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ELOCKED') {
      throw directoryFailure(cause, 'DATA_DIR', dirname(directory));
    }
    throw new StartError(
      `Another process uses the database in ${directory}; stop it, or choose another DATA_DIR.`,
      { cause },
    );
  }
}
