import { openApiDocument } from '@romm-netplay/protocol';
import { AUTH_API } from '@romm-netplay/protocol/auth-api';
import {
  createApiListener,
  createCloseStack,
  createLogger,
  listen,
  type Logger,
} from '@romm-netplay/service-kit';
import { openRedisState, type SharedState } from '@romm-netplay/shared-state';
import {
  createLocalKeySet,
  createTokenIssuer,
  createTokenVerifier,
  type KeySet,
  trustOnly,
} from '@romm-netplay/token-core';
import { createDevIdentityProvider, DEV_IDENTITY_WARNING } from './adapters/dev-identity-provider.js';
import { loadSigningKey } from './adapters/file-signing-key.js';
import type { AuthConfig, IdentityProviderName } from './config.js';
import { createHandlers } from './http/handlers.js';
import { createInternalAccess } from './http/internal-access.js';
import { translateError } from './http/translate-error.js';
import type { IdentityProvider } from './ports.js';

export interface Auth {
  /** Where it listens, e.g. `http://127.0.0.1:3100`. */
  readonly url: string;
  readonly issuer: string;
  /** The issuer's own keys, for an SFU in the same process. */
  readonly keys: KeySet;
  readonly warnings: readonly string[];
  close(): Promise<void>;
}

export interface ComposeOverrides {
  /** State brought by the caller, who also closes it; otherwise Redis is opened. */
  readonly state?: SharedState;
  readonly log?: Logger;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

const PROVIDERS: Record<IdentityProviderName, () => IdentityProvider> = { dev: createDevIdentityProvider };

/** The OpenAPI 3.1 document of this service. */
export const openApi = openApiDocument('RomM netplay auth', '0.1.0', AUTH_API);

/** Builds the issuer from its configuration and listens. */
export async function composeAuth(config: AuthConfig, overrides: ComposeOverrides = {}): Promise<Auth> {
  const { log = createLogger('auth', config.logLevel), now = Date.now } = overrides;
  const closing = createCloseStack();
  try {
    const server = await listen(config.port, config.host);
    closing.defer(() => server.close());
    const issuer = config.issuer ?? `http://localhost:${server.port}`;
    const state = overrides.state ?? (await openState(config, log));
    if (overrides.state === undefined) closing.defer(() => state.close());
    const signingKey = await loadSigningKey(config.dataDir, config.signingAlg);
    const keys = createLocalKeySet([signingKey]);
    const warnings = config.identityProviders.includes('dev') ? [DEV_IDENTITY_WARNING] : [];
    for (const warning of warnings) log.warn(warning);

    const handlers = createHandlers({
      providers: config.identityProviders.map((name) => PROVIDERS[name]()),
      issuer: createTokenIssuer({ issuer, signingKey: () => signingKey, now }),
      verifier: createTokenVerifier({ trustedIssuers: trustOnly(issuer, keys), audience: issuer, now }),
      jtis: state.jtis,
      rooms: state.rooms,
      audience: issuer,
      now,
      publicKeys: () => [signingKey.publicJwk],
      checks: { state: () => state.ping() },
      warnings,
      onComponentDown: (component, error) => log.error({ component, err: error }, 'component is down'),
    });
    const requireInternal = createInternalAccess(config.internalSecret);
    server.serve(
      createApiListener({
        api: AUTH_API,
        handlers,
        openApi,
        translate: translateError,
        authorize: (access, headers) => {
          if (access === 'internal') requireInternal(headers);
        },
        allowedOrigins: config.allowedOrigins,
        log,
        hot: ['verifyToken'],
      }),
    );
    // Requests end before what they use is closed.
    closing.defer(() => server.close());
    return { url: server.url, issuer, keys, warnings, close: () => closing.close() };
  } catch (error) {
    await closing.close();
    throw error;
  }
}

function openState(config: AuthConfig, log: Logger): Promise<SharedState> {
  if (config.redisUrl === undefined) throw new TypeError('Without a redisUrl, bring the state.');
  return openRedisState({
    url: config.redisUrl,
    roomTtlMs: config.roomTtlSeconds * 1000,
    onError: (error) => log.error({ err: error }, 'Redis connection'),
  });
}
