import { randomUUID } from 'node:crypto';
import { VISIBILITIES, type Visibility } from '@romm-netplay/protocol';
import { type Env, envWarnings, parseEnv, secretFaults, variables } from '@romm-netplay/service-kit';
import { DEFAULT_CLOCK_SKEW_SECONDS, MAX_CLOCK_SKEW_SECONDS } from '@romm-netplay/token-core';
import { z } from 'zod';
import type { IceConfig } from './ice/ice-servers.js';
import { iceConfigOf, iceFaults, ipAddress, stunUrls, turnServers, turnUrls } from './ice/ice-variables.js';

export interface SfuConfig {
  readonly port: number;
  readonly host: string;
  /** Where players reach this node. Undefined: localhost and the port. */
  readonly publicUrl: string | undefined;
  readonly nodeId: string;
  /** Issuer URL of this instance: the `iss` and `aud` of the tokens it takes. */
  readonly authIssuer: string;
  /** Where this node reaches auth: its keys and, without Redis, its internal endpoints. */
  readonly authBaseUrl: string;
  /** Undefined: tokens are used up and rooms registered through auth (mode A3). */
  readonly redisUrl: string | undefined;
  readonly internalSecret: string | undefined;
  readonly roomTtlSeconds: number;
  readonly clockSkewSeconds: number;
  /** Older formats that still verify while clients are being moved (P1.5); all off by default. */
  readonly accept: {
    readonly hs256Secret: string | undefined;
    readonly sfuType: boolean;
    readonly oldMarkers: boolean;
    /** Read tokens open and join rooms (P1.12). */
    readonly readTokenJoins: boolean;
  };
  /** Players come with RomM's own session or bearer as well, for whom auth asks RomM (N2). */
  readonly rommIdentity: boolean;
  /** A UUID stands in for any token (S3). */
  readonly devIdentity: boolean;
  /** Undefined: the admin operations answer 503. In clear, or as `sha256:` and 64 hex digits. */
  readonly adminApiKey: string | undefined;
  readonly ice: IceConfig;
  /** Undefined: no metrics are served. */
  readonly metricsPort: number | undefined;
  readonly metricsHost: string;
  readonly allowedOrigins: readonly string[];
  readonly trustedProxies: readonly string[];
  readonly allowQueryToken: boolean;
  /** How long the place of a lost connection is kept; 0: not at all (R4). */
  readonly reconnectGraceSeconds: number;
  /** Whether a player takes their place over from a live connection of their own; else the newer waits (S5). */
  readonly allowTakeover: boolean;
  /** How many places of one room an account may have with stock EmulatorJS, which knows no taking over (N4). */
  readonly seatsPerPlayer: number;
  /** URLs of romm-sfu-server nodes that players may be sent to, without a trailing slash. */
  readonly legacyNodes: readonly string[];
  /** Who finds rooms of clients that do not say, as those of today's EmulatorJS. */
  readonly defaultVisibility: Visibility;
  /** Where the node stands, for choosing one near by. */
  readonly region: string | undefined;
  /** How long giving its rooms to other nodes may take when it stops; 0: they end with it. */
  readonly drainSeconds: number;
  readonly maxRooms: number;
  readonly maxSocketsPerAddress: number;
  /** Requests (text frames) and game frames (binary) a socket may send a second. */
  readonly maxMessagesPerSecond: number;
  readonly maxFramesPerSecond: number;
  readonly logLevel: string;
  /** What is probably not meant so, for the log. */
  readonly warnings: readonly string[];
}

const SECRETS = [
  'ROMM_SFU_INTERNAL_SECRET',
  'REDIS_URL',
  'ROMM_AUTH_SECRET_KEY',
  'ADMIN_API_KEY',
  'SFU_TURN_SECRET',
  'SFU_TURN_SERVERS',
  'SFU_TURN_PASS1',
  'SFU_TURN_PASS2',
  'SFU_TURN_PASS3',
  'SFU_TURN_PASS4',
];

/** By what players may show who they are. */
const IDENTITIES = ['tokens', 'romm'] as const;

const environment = z.object({
  NODE_ENV: variables.nodeEnv,
  PORT: variables.port(3001),
  HOST: variables.host,
  PUBLIC_URL: variables.httpUrl.optional(),
  NODE_ID: z.string().max(255).optional(),
  AUTH_ISSUER: variables.httpUrl.optional(),
  ROMM_API_BASE_URL: variables.httpUrl.optional(),
  ROMM_BASE_URL: variables.httpUrl.optional(),
  ROMM_URL: variables.httpUrl.optional(),
  REDIS_URL: variables.redisUrl.optional(),
  ROMM_SFU_INTERNAL_SECRET: variables.secret.optional(),
  ROOM_REGISTRY_TTL_SECONDS: variables.seconds(60, 3600, 2),
  SFU_AUTH_CLOCK_SKEW_SECONDS: variables.seconds(DEFAULT_CLOCK_SKEW_SECONDS, MAX_CLOCK_SKEW_SECONDS),
  ROMM_AUTH_SECRET_KEY: variables.secret.optional(),
  ACCEPT_HS256_TOKENS: variables.flag,
  ACCEPT_SFU_TYPE: variables.flag,
  ACCEPT_OLD_MARKERS: variables.flag,
  ACCEPT_READ_TOKEN_JOINS: variables.flag,
  SFU_IDENTITY: variables.list.pipe(
    z.array(z.enum(IDENTITIES, { error: `must list some of: ${IDENTITIES.join(', ')}` })),
  ),
  SFU_DEV_IDENTITY: variables.flag,
  ADMIN_API_KEY: variables.secret.optional(),
  SFU_STUN_SERVERS: stunUrls,
  STUN_SERVERS: stunUrls,
  SFU_TURN_SECRET: variables.secret.optional(),
  SFU_TURN_URLS: turnUrls,
  SFU_TURN_SERVERS: turnServers,
  SFU_TURN_SERVER1: turnUrls,
  SFU_TURN_USER1: variables.secret.optional(),
  SFU_TURN_PASS1: variables.secret.optional(),
  SFU_TURN_SERVER2: turnUrls,
  SFU_TURN_USER2: variables.secret.optional(),
  SFU_TURN_PASS2: variables.secret.optional(),
  SFU_TURN_SERVER3: turnUrls,
  SFU_TURN_USER3: variables.secret.optional(),
  SFU_TURN_PASS3: variables.secret.optional(),
  SFU_TURN_SERVER4: turnUrls,
  SFU_TURN_USER4: variables.secret.optional(),
  SFU_TURN_PASS4: variables.secret.optional(),
  ANNOUNCED_IP: ipAddress,
  METRICS_PORT: variables.optionalPort,
  METRICS_HOST: variables.innerHost,
  ALLOWED_ORIGINS: variables.origins,
  TRUSTED_PROXIES: variables.trustedProxies,
  SFU_ALLOW_QUERY_TOKEN: variables.flag,
  SFU_RECONNECT_GRACE_SECONDS: variables.seconds(60, 600),
  SFU_ALLOW_AUTH_TAKEOVER: variables.flag.prefault('1'),
  SFU_SEATS_PER_PLAYER: variables.count(4),
  SFU_LEGACY_NODES: variables.httpUrls,
  SFU_DEFAULT_VISIBILITY: z.enum(VISIBILITIES).default('local'),
  SFU_REGION: z.string().max(64).optional(),
  SFU_DRAIN_SECONDS: variables.seconds(20, 300),
  SFU_MAX_ROOMS: variables.count(1_000),
  SFU_MAX_SOCKETS_PER_ADDRESS: variables.count(64),
  SFU_MAX_MESSAGES_PER_SECOND: variables.count(60),
  // A game sends 60 inputs a second a player; snapshots and data come on top.
  SFU_MAX_FRAMES_PER_SECOND: variables.count(500),
  LOG_LEVEL: variables.logLevel('warn'),
});

type Values = z.output<typeof environment>;

/** The only reader of the environment. @throws ConfigError with every fault at once */
export function parseConfig(env: Env = process.env): SfuConfig {
  return parse(env, ({ REDIS_URL, ROMM_SFU_INTERNAL_SECRET, SFU_IDENTITY }) => {
    // Guests and the page of auth bring tokens, so there is no node that takes none.
    const withoutTokens = SFU_IDENTITY.length > 0 && !SFU_IDENTITY.includes('tokens');
    const faults = withoutTokens ? ['SFU_IDENTITY must list "tokens" as well: tokens,romm.'] : [];
    if (ROMM_SFU_INTERNAL_SECRET !== undefined) return faults;
    return [
      ...faults,
      ...(REDIS_URL === undefined
        ? ['Set REDIS_URL (the Redis auth uses), or ROMM_SFU_INTERNAL_SECRET to use tokens up through auth.']
        : []),
      ...(SFU_IDENTITY.includes('romm')
        ? [
            'SFU_IDENTITY lists "romm", for which the node asks auth: set ROMM_SFU_INTERNAL_SECRET, the same on both.',
          ]
        : []),
    ];
  });
}

/** The same for a process that brings the shared state (standalone). */
export const parseEmbeddedConfig = (env: Env): SfuConfig => parse(env, () => []);

function parse(env: Env, ownFaults: (values: Values) => string[]): SfuConfig {
  const values = parseEnv(environment, env, SECRETS, (read) => [
    ...ownFaults(read),
    ...iceFaults(read),
    ...issuerFaults(read),
    ...productionFaults(read),
    ...hs256Faults(read),
  ]);
  // There is one, or issuerFaults had something to say.
  const { AUTH_ISSUER = '' } = values;
  const authBaseUrl = values.ROMM_API_BASE_URL ?? values.ROMM_BASE_URL ?? values.ROMM_URL;
  return {
    port: values.PORT,
    host: values.HOST,
    publicUrl: values.PUBLIC_URL,
    nodeId: values.NODE_ID ?? randomUUID(),
    authIssuer: AUTH_ISSUER,
    authBaseUrl: authBaseUrl ?? AUTH_ISSUER,
    redisUrl: values.REDIS_URL,
    internalSecret: values.ROMM_SFU_INTERNAL_SECRET,
    roomTtlSeconds: values.ROOM_REGISTRY_TTL_SECONDS,
    clockSkewSeconds: values.SFU_AUTH_CLOCK_SKEW_SECONDS,
    accept: {
      hs256Secret: values.ACCEPT_HS256_TOKENS ? values.ROMM_AUTH_SECRET_KEY : undefined,
      sfuType: values.ACCEPT_SFU_TYPE,
      oldMarkers: values.ACCEPT_OLD_MARKERS,
      readTokenJoins: values.ACCEPT_READ_TOKEN_JOINS,
    },
    rommIdentity: values.SFU_IDENTITY.includes('romm'),
    devIdentity: values.SFU_DEV_IDENTITY,
    adminApiKey: values.ADMIN_API_KEY,
    ice: iceConfigOf(values),
    metricsPort: values.METRICS_PORT,
    metricsHost: values.METRICS_HOST,
    allowedOrigins: values.ALLOWED_ORIGINS,
    trustedProxies: values.TRUSTED_PROXIES,
    allowQueryToken: values.SFU_ALLOW_QUERY_TOKEN,
    reconnectGraceSeconds: values.SFU_RECONNECT_GRACE_SECONDS,
    allowTakeover: values.SFU_ALLOW_AUTH_TAKEOVER,
    seatsPerPlayer: values.SFU_SEATS_PER_PLAYER,
    legacyNodes: values.SFU_LEGACY_NODES,
    defaultVisibility: values.SFU_DEFAULT_VISIBILITY,
    region: values.SFU_REGION,
    drainSeconds: values.SFU_DRAIN_SECONDS,
    maxRooms: values.SFU_MAX_ROOMS,
    maxSocketsPerAddress: values.SFU_MAX_SOCKETS_PER_ADDRESS,
    maxMessagesPerSecond: values.SFU_MAX_MESSAGES_PER_SECOND,
    maxFramesPerSecond: values.SFU_MAX_FRAMES_PER_SECOND,
    logLevel: values.LOG_LEVEL,
    warnings: warningsOf(env, values),
  };
}

const issuerFaults = ({ AUTH_ISSUER }: Values): string[] =>
  AUTH_ISSUER === undefined
    ? ['AUTH_ISSUER is required: the public URL of the auth service whose tokens this node takes.']
    : [];

function productionFaults(values: Values): string[] {
  if (values.NODE_ENV !== 'production') return [];
  const { ROMM_SFU_INTERNAL_SECRET, ADMIN_API_KEY, SFU_TURN_SECRET } = values;
  return [
    ...(values.SFU_DEV_IDENTITY
      ? ['SFU_DEV_IDENTITY lets anybody play as anybody; it is refused with NODE_ENV=production.']
      : []),
    ...(values.PUBLIC_URL === undefined ? ['PUBLIC_URL is required: where players reach this node.'] : []),
    ...secretFaults({ ROMM_SFU_INTERNAL_SECRET, ADMIN_API_KEY, SFU_TURN_SECRET }),
  ];
}

const hs256Faults = ({ ACCEPT_HS256_TOKENS, ROMM_AUTH_SECRET_KEY }: Values): string[] =>
  ACCEPT_HS256_TOKENS && ROMM_AUTH_SECRET_KEY === undefined
    ? ['ACCEPT_HS256_TOKENS needs ROMM_AUTH_SECRET_KEY, the secret that signs those tokens.']
    : [];

function warningsOf(env: Env, { NODE_ENV, AUTH_ISSUER, PUBLIC_URL }: Values): string[] {
  const urls = NODE_ENV === 'production' ? { AUTH_ISSUER, PUBLIC_URL } : {};
  return envWarnings(env, { known: Object.keys(environment.shape), secrets: SECRETS, urls });
}

const ownUrls = z.object({
  PUBLIC_URL: variables.httpUrl.optional(),
  AUTH_ISSUER: variables.httpUrl.optional(),
});

/** Where this node and its auth say that they are; undefined unless both do. @throws ConfigError */
export function ownUrlsOf(env: Env = process.env): { authUrl: string; sfuUrl: string } | undefined {
  const { PUBLIC_URL: sfuUrl, AUTH_ISSUER: authUrl } = parseEnv(ownUrls, env, []);
  return sfuUrl === undefined || authUrl === undefined ? undefined : { authUrl, sfuUrl };
}
