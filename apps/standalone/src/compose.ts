import { type Auth, composeAuth } from '@romm-netplay/auth/compose';
import { createCloseStack, createLogger } from '@romm-netplay/service-kit';
import { composeSfu, type Sfu } from '@romm-netplay/sfu/compose';
import { createMemoryState, openRedisState } from '@romm-netplay/shared-state';
import type { StandaloneConfig } from './config.js';

export interface Standalone {
  readonly auth: Auth;
  readonly sfu: Sfu;
  close(): Promise<void>;
}

/** Auth and one SFU node in one process, over one state: in memory, or the Redis of REDIS_URL (mode A1). */
export async function composeStandalone(config: StandaloneConfig): Promise<Standalone> {
  const closing = createCloseStack();
  try {
    const { redisUrl, roomTtlSeconds } = config.auth;
    const log = createLogger('standalone', config.auth.logLevel);
    const roomTtlMs = roomTtlSeconds * 1000;
    const state =
      redisUrl === undefined
        ? createMemoryState({ ttlMs: roomTtlMs })
        : await openRedisState({
            url: redisUrl,
            roomTtlMs,
            onError: (error) => log.error({ err: error }, 'Redis connection'),
          });
    closing.defer(() => state.close());
    const auth = await composeAuth(config.auth, { state });
    closing.defer(() => auth.close());
    const sfu = await composeSfu({ ...config.sfu, authIssuer: auth.issuer }, { state, keys: auth.keys });
    closing.defer(() => sfu.close());
    return { auth, sfu, close: () => closing.close() };
  } catch (error) {
    await closing.close();
    throw error;
  }
}
