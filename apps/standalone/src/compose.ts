import { type Auth, composeAuth } from '@romm-netplay/auth/compose';
import { createCloseStack, createLogger } from '@romm-netplay/service-kit';
import { composeSfu, type Sfu } from '@romm-netplay/sfu/compose';
import { createMemoryState, openRedisState } from '@romm-netplay/shared-state';
import type { StandaloneConfig } from './config.js';
import { createPageApp, openPageServer } from './page/page-server.js';

export interface Standalone {
  readonly auth: Auth;
  readonly sfu: Sfu;
  /** Where a person can try it. */
  readonly pageUrl: string;
  close(): Promise<void>;
}

export interface ComposeOverrides {
  /** Milliseconds since the epoch, for both services. */
  readonly now?: () => number;
}

/**
 * Auth, one SFU node and a page to try them in one process, over one state: in memory, or the Redis of
 * REDIS_URL (mode A1).
 */
export async function composeStandalone(
  config: StandaloneConfig,
  overrides: ComposeOverrides = {},
): Promise<Standalone> {
  const closing = createCloseStack();
  try {
    const { redisUrl, roomTtlSeconds } = config.auth;
    const log = createLogger('standalone', config.auth.logLevel);
    const roomTtlMs = roomTtlSeconds * 1000;
    const state =
      redisUrl === undefined
        ? createMemoryState({ ttlMs: roomTtlMs, ...overrides })
        : await openRedisState({
            url: redisUrl,
            roomTtlMs,
            onError: (error) => log.error({ err: error }, 'Redis connection'),
          });
    closing.defer(() => state.close());
    const page = await openPageServer(config.pagePort, config.auth.host);
    closing.defer(() => page.close());
    const withPage = (origins: readonly string[]) => [...origins, ...page.origins];
    const auth = await composeAuth(
      { ...config.auth, allowedOrigins: withPage(config.auth.allowedOrigins) },
      { state, ...overrides },
    );
    closing.defer(() => auth.close());
    const sfu = await composeSfu(
      { ...config.sfu, authIssuer: auth.issuer, allowedOrigins: withPage(config.sfu.allowedOrigins) },
      { state, keys: auth.keys, ...overrides },
    );
    closing.defer(() => sfu.close());
    const onHost = (hostname: string, { port }: URL) => `http://${hostname}:${port}`;
    const [authAt, sfuAt] = [new URL(auth.url), new URL(sfu.url)];
    page.serve(
      createPageApp(
        (hostname) => ({
          authUrl: config.auth.issuer ?? onHost(hostname, authAt),
          sfuUrl: config.sfu.publicUrl ?? onHost(hostname, sfuAt),
        }),
        config.auth.identityProviders,
      ),
    );
    const pageUrl = page.origins[0] ?? page.url;
    return { auth, sfu, pageUrl, close: () => closing.close() };
  } catch (error) {
    await closing.close();
    throw error;
  }
}
