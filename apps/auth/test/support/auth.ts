import { afterAll } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Auth, composeAuth, type ComposeOverrides } from '@romm-netplay/auth/compose';
import { type AuthConfig, parseEmbeddedConfig } from '@romm-netplay/auth/config';
import { createMemoryState } from '@romm-netplay/shared-state';
import { createMemoryKeyStore } from '../../src/adapters/memory-key-store.js';
import { closeTestDatabase, testDatabase } from './database.js';

afterAll(closeTestDatabase);

export const SECRET = 'a-long-internal-secret-for-tests';
export const ADMIN_KEY = 'an-admin-key-for-tests';
export const ISSUER = 'https://games.example.org';
export const ALICE = '11111111-1111-4111-8111-111111111111';

const ENV = {
  PORT: '0',
  HOST: '127.0.0.1',
  AUTH_ISSUER: ISSUER,
  IDENTITY_PROVIDERS: 'dev',
  ROMM_SFU_INTERNAL_SECRET: SECRET,
  ADMIN_API_KEY: ADMIN_KEY,
  KEY_ENCRYPTION_KEY: 'ab'.repeat(32),
  LOG_LEVEL: 'silent',
};

export interface TestAuth extends Auth {
  readonly dataDir: string;
}

/**
 * The real service on a free port, over state and keys in memory and the database of the test file, unless the
 * test brings others.
 */
export async function startAuth(
  changes: Partial<AuthConfig> = {},
  overrides: ComposeOverrides = {},
): Promise<TestAuth> {
  const dataDir = changes.dataDir ?? (await mkdtemp(join(tmpdir(), 'netplay-auth-')));
  const config = { ...parseEmbeddedConfig(ENV), dataDir, ...changes };
  const state = config.redisUrl === undefined ? { state: createMemoryState() } : {};
  const stores =
    config.databaseUrl === undefined
      ? { keyStore: createMemoryKeyStore(), database: await testDatabase() }
      : {};
  const auth = await composeAuth(config, { ...state, ...stores, ...overrides });
  return {
    ...auth,
    dataDir,
    async close() {
      await auth.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
