import { type AuthConfig, parseEmbeddedConfig as parseAuthConfig } from '@romm-netplay/auth/config';
import { ConfigError, type Env, envWarnings } from '@romm-netplay/service-kit';
import { parseEmbeddedConfig as parseSfuConfig, type SfuConfig } from '@romm-netplay/sfu/config';

export interface StandaloneConfig {
  readonly auth: AuthConfig;
  readonly sfu: SfuConfig;
  /** What is probably not meant so: of both, and each once. */
  readonly warnings: readonly string[];
}

/** What makes one process on one machine work without any configuration. */
const DEFAULTS = {
  // Development identity signs in anybody, so by default only this machine can reach it.
  HOST: '127.0.0.1',
  IDENTITY_PROVIDERS: 'dev,local',
  AUTH_PORT: '3100',
  SFU_PORT: '3001',
  NODE_ID: 'standalone',
  LOG_LEVEL: 'error',
} satisfies Env;

/** The ports of both services, as far as they are told or the usual ones. */
export const portsOf = ({ AUTH_PORT, SFU_PORT }: Env = process.env): { auth: string; sfu: string } => ({
  auth: AUTH_PORT || DEFAULTS.AUTH_PORT,
  sfu: SFU_PORT || DEFAULTS.SFU_PORT,
});

/**
 * Reads the variables of both services; `AUTH_PORT` and `SFU_PORT` stand for the `PORT` of each.
 * @throws ConfigError with every fault of both at once
 */
export function parseConfig(env: Env = process.env): StandaloneConfig {
  const given = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ''),
  );
  const values: Env = { ...DEFAULTS, ...given };
  const faults = new Set<string>();
  const auth = collect(() => parseAuthConfig({ ...values, PORT: values['AUTH_PORT'] }), 'AUTH_PORT', faults);
  // With a port the system chooses, the issuer is known once auth listens; compose puts it in.
  const port = auth === undefined ? '' : `:${values['AUTH_PORT']}`;
  const AUTH_ISSUER = values['AUTH_ISSUER'] ?? `http://localhost${port}`;
  const sfu = collect(
    () => parseSfuConfig({ ...values, AUTH_ISSUER, PORT: values['SFU_PORT'] }),
    'SFU_PORT',
    faults,
  );
  if (auth === undefined || sfu === undefined) throw new ConfigError([...faults]);
  // Who is made up at auth, or known to RomM, plays here, too.
  const devIdentity = sfu.devIdentity || auth.identityProviders.includes('dev');
  const rommIdentity = sfu.rommIdentity || auth.identityProviders.includes('romm');
  return {
    auth: { ...auth, warnings: [] },
    sfu: { ...sfu, devIdentity, rommIdentity, warnings: [] },
    warnings: [...new Set([...auth.warnings, ...sfu.warnings, ...ownWarnings(env)])],
  };
}

/** What neither of the two knows, as it is read here. */
const ownWarnings = (env: Env): string[] =>
  envWarnings(env, { known: ['AUTH_PORT', 'SFU_PORT'], secrets: [], urls: {} });

function collect<T>(parse: () => T, portName: string, faults: Set<string>): T | undefined {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const fault of error.faults) faults.add(fault.replace(/^PORT\b/, portName));
    return undefined;
  }
}
