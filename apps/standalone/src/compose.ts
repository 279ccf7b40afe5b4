import { randomBytes } from 'node:crypto';
import { type Auth, composeAuth } from '@romm-netplay/auth/compose';
import {
  type CloseStack,
  createCloseStack,
  createLogger,
  createOutageLog,
  inWordsOf,
} from '@romm-netplay/service-kit';
import { composeSfu, type Sfu } from '@romm-netplay/sfu/compose';
import { createMemoryState, openRedisState, type SharedState } from '@romm-netplay/shared-state';
import type { StandaloneConfig } from './config.js';

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
 * Auth, with its page, and one SFU node in one process, over one state: in memory, or the Redis of REDIS_URL
 * (mode A1).
 */
export async function composeStandalone(
  config: StandaloneConfig,
  overrides: ComposeOverrides = {},
): Promise<Standalone> {
  const closing = createCloseStack();
  try {
    let opened: Promise<SharedState> | undefined;
    const openState = () => (opened ??= openSharedState(config, overrides, closing));
    // Nobody else needs to know it: the node asks auth for players of RomM (N2).
    const internalSecret = config.auth.internalSecret ?? randomBytes(32).toString('hex');
    const auth = await composeAuth(
      { ...config.auth, internalSecret },
      { state: openState, ...overrides },
    ).catch(namePort('AUTH_PORT'));
    closing.defer(() => auth.close());
    const state = await openState();
    const allowedOrigins = [...config.sfu.allowedOrigins, ...localOrigins(auth.url)];
    const sfu = await composeSfu(
      { ...config.sfu, authIssuer: auth.issuer, authBaseUrl: auth.url, internalSecret, allowedOrigins },
      { state, keys: auth.keys, ...overrides },
    ).catch(namePort('SFU_PORT'));
    closing.defer(() => sfu.close());
    return { auth, sfu, pageUrl: `${auth.issuer}/play/`, close: () => closing.close() };
  } catch (error) {
    await closing.close();
    throw error;
  }
}

/** A port that is taken is PORT to each of the two. */
const namePort = (variable: string) => (error: unknown) => {
  throw inWordsOf(variable, error);
};

async function openSharedState(
  { auth: { redisUrl, roomTtlSeconds, logLevel } }: StandaloneConfig,
  overrides: ComposeOverrides,
  closing: CloseStack,
): Promise<SharedState> {
  const log = createLogger('standalone', logLevel);
  const roomTtlMs = roomTtlSeconds * 1000;
  const state =
    redisUrl === undefined
      ? createMemoryState({ ttlMs: roomTtlMs, ...overrides })
      : await openRedisState({
          url: redisUrl,
          roomTtlMs,
          ...createOutageLog(log, 'Redis'),
        });
  closing.defer(() => state.close());
  return state;
}

/** How a browser on this machine may write where auth's page is. */
const localOrigins = (url: string): string[] =>
  ['localhost', '127.0.0.1'].map((name) => `http://${name}:${new URL(url).port}`);
