import { randomUUID } from 'node:crypto';
import { link, mkdir, open, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import {
  exportSigningKey,
  generateSigningKey,
  importSigningKey,
  type SigningAlg,
  type SigningKey,
} from '@romm-netplay/token-core';

/**
 * The signing key kept in `directory`, made at the first start. The file appears whole or not at all, and
 * of two processes that start at once both use the key of the first.
 */
export async function loadSigningKey(directory: string, alg: SigningAlg): Promise<SigningKey> {
  const path = join(directory, `signing-key.${alg.toLowerCase()}.pem`);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const existing = await readIfPresent(path);
  if (existing !== undefined) return importSigningKey(alg, existing);
  await createExclusively(path, exportSigningKey(await generateSigningKey(alg)));
  return importSigningKey(alg, await readFile(path, 'utf8'));
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
