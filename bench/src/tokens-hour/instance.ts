import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { composeAuth } from '@romm-netplay/auth/compose';
import { parseConfig as parseAuthConfig } from '@romm-netplay/auth/config';
import { composeSfu } from '@romm-netplay/sfu/compose';
import { parseConfig as parseSfuConfig } from '@romm-netplay/sfu/config';
import { openRedisState } from '@romm-netplay/shared-state';
import { type Disposers, startRedisServer } from '@romm-netplay/testing';
import { ISSUER } from '../services.js';
import type { Clock } from './clock.js';

export interface SimulatedInstance {
  readonly redisUrl: string;
  readonly authUrl: string;
  readonly sfuUrl: string;
}

/**
 * The real auth service and a real SFU node over a real Redis, in this process: their clock is the simulated
 * one, so a token that a client kept for too long is refused.
 */
export async function startInstance(disposers: Disposers, clock: Clock): Promise<SimulatedInstance> {
  const { url: redisUrl } = disposers.use(await startRedisServer());
  const dataDir = await mkdtemp(join(tmpdir(), 'netplay-bench-'));
  disposers.defer(() => rm(dataDir, { recursive: true }));
  const { now } = clock;
  const state = disposers.use(await openRedisState({ url: redisUrl, now }));

  const env = {
    HOST: '127.0.0.1',
    PORT: '0',
    // Standard output is for the report, and what fails here fails a player.
    LOG_LEVEL: 'silent',
    AUTH_ISSUER: ISSUER,
    REDIS_URL: redisUrl,
  };
  const authConfig = parseAuthConfig({ ...env, DATA_DIR: dataDir, IDENTITY_PROVIDERS: 'dev' });
  const auth = disposers.use(await composeAuth(authConfig, { state, now }));
  const sfuConfig = parseSfuConfig({ ...env, ROMM_API_BASE_URL: auth.url });
  const sfu = disposers.use(await composeSfu(sfuConfig, { state, now }));
  return { redisUrl, authUrl: auth.url, sfuUrl: sfu.url };
}
