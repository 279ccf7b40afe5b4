import { randomBytes, randomUUID } from 'node:crypto';
import { link, mkdir, open, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { directoryFailure } from '@romm-netplay/service-kit';

/**
 * The key-encryption key of an installation that was given none: made at the first start and kept beside
 * the database. It guards against a leaked database dump, not against whoever reads the whole directory;
 * production is refused without KEY_ENCRYPTION_KEY. The file appears whole or not at all, and of two
 * processes that start at once both use the key of the first.
 */
export async function loadEncryptionKey(directory: string): Promise<Buffer> {
  try {
    return await loadOrMake(directory);
  } catch (error) {
    throw directoryFailure(error, 'DATA_DIR', directory);
  }
}

async function loadOrMake(directory: string): Promise<Buffer> {
  const path = join(directory, 'key-encryption-key');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const existing = await readIfPresent(path);
  if (existing === undefined) await createExclusively(path, randomBytes(32).toString('hex'));
  return Buffer.from((existing ?? (await readFile(path, 'utf8'))).trim(), 'hex');
}

async function readIfPresent(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

async function createExclusively(path: string, content: string): Promise<void> {
  const temporary = `${path}.${randomUUID()}`;
  const file = await open(temporary, 'wx', 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    // A link never replaces what another process put there first.
    await link(temporary, path);
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
  } finally {
    await unlink(temporary);
  }
}

const hasCode = (error: unknown, code: string) => (error as NodeJS.ErrnoException).code === code;
