import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFederatedClient, type FederatedClient } from '@romm-netplay/client/federation';
import { AUTH_API } from '@romm-netplay/protocol/auth-api';
import { createCloseStack } from '@romm-netplay/service-kit';
import { WebSocket } from 'ws';
import { composeStandalone } from '../../compose.js';
import { parseConfig } from '../../config.js';
import type { Administered } from './administrator.js';

/** One instance of the story, with keys, a database and shared state of its own. */
export interface DemoInstance extends Administered {
  readonly name: string;
  readonly sfuUrl: string;
  /** The kids of the keys it publishes. */
  readonly kids: readonly string[];
  /** A player of it, with the SDK. */
  player(): FederatedClient;
  close(): Promise<void>;
}

/** `redisUrl`: a database of a Redis for it alone; without one, its state is in memory. */
export async function startInstance(name: string, redisUrl: string | undefined): Promise<DemoInstance> {
  const closing = createCloseStack();
  const dataDir = await mkdtemp(join(tmpdir(), 'netplay-demo-'));
  closing.defer(() => rm(dataDir, { recursive: true }));
  const adminKey = randomUUID();
  const standalone = await composeStandalone(
    parseConfig({
      ...{ AUTH_PORT: '0', SFU_PORT: '0', DATA_DIR: dataDir, LOG_LEVEL: 'silent' },
      ADMIN_API_KEY: adminKey,
      ...(redisUrl !== undefined && { REDIS_URL: redisUrl }),
    }),
  );
  closing.defer(() => standalone.close());
  const { auth, sfu } = standalone;
  const { keys } = AUTH_API.jwks.reply.parse(await (await fetch(`${auth.url}${AUTH_API.jwks.path}`)).json());
  return {
    ...{ name, issuer: auth.issuer, authUrl: auth.url, sfuUrl: sfu.url, adminKey },
    kids: keys.map(({ kid }) => kid),
    player() {
      const id = randomUUID();
      const client = createFederatedClient({
        ...{ authUrl: auth.url, sfuUrl: sfu.url, WebSocket },
        identity: () => `Bearer ${id}`,
      });
      closing.defer(() => client.close());
      return client;
    },
    close: () => closing.close(),
  };
}
