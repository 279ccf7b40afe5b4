import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import * as pgliteFiles from '@romm-netplay/auth/pglite-files';
import { AUTH_API } from '@romm-netplay/protocol/auth-api';
import {
  createDisposers,
  type ServiceProcess,
  startServiceProcess,
  dataDirectory,
} from '@romm-netplay/testing';

export const ISSUER = 'https://games.example.org';
export const SECRET = 'a-long-internal-secret-for-tests';

/** The built entry point of an app: what its container runs. */
export const entryOf = (app: 'auth' | 'sfu' | 'standalone', file = 'main.js'): string =>
  fileURLToPath(new URL(`../../../apps/${app}/dist/${file}`, import.meta.url));

export interface Instance {
  readonly authUrl: string;
  readonly nodeUrls: readonly string[];
  /** Of every replica of auth; nodes are spread over them. */
  readonly authUrls: readonly string[];
  /** The environment of every replica of auth, to start another. */
  readonly authEnv: Readonly<Record<string, string>>;
  readonly auth: ServiceProcess;
  readonly nodes: readonly ServiceProcess[];
  /** Mints a token for the player of a UUID. @throws when auth refuses */
  mint(playerId: string, tokenType: 'read' | 'write'): Promise<string>;
  close(): Promise<void>;
}

export interface InstanceOptions {
  readonly redisUrl: string;
  /** One entry per node: what it has beside the common variables. */
  readonly nodes: readonly Readonly<Record<string, string>>[];
  readonly auth?: Readonly<Record<string, string>>;
  /** How many processes of auth; more than one needs a DATABASE_URL. */
  readonly replicas?: number;
}

/** Auth and its nodes as separate processes, as containers run them (modes A2 and A3). */
export async function startInstance({
  redisUrl,
  nodes: nodeEnvs,
  auth: authEnv,
  replicas = 1,
}: InstanceOptions): Promise<Instance> {
  const disposers = createDisposers();
  const dataDir = await dataDirectory(pgliteFiles);
  disposers.defer(() => rm(dataDir, { recursive: true, force: true }));
  const common = { PORT: '0', HOST: '127.0.0.1', AUTH_ISSUER: ISSUER, ROMM_SFU_INTERNAL_SECRET: SECRET };
  const env = { ...common, REDIS_URL: redisUrl, IDENTITY_PROVIDERS: 'dev', DATA_DIR: dataDir, ...authEnv };
  const auths = await Promise.all(
    Array.from({ length: replicas }, async () =>
      disposers.use(await startServiceProcess({ entry: entryOf('auth'), env })),
    ),
  );
  const [auth] = auths as [ServiceProcess];
  const authUrls = auths.map(({ urls }) => urls['auth']!);
  const authUrl = authUrls[0]!;
  const nodes = await Promise.all(
    nodeEnvs.map(async (nodeEnv, index) => {
      const nodeCommon = {
        ...common,
        ROMM_API_BASE_URL: authUrls[index % replicas]!,
        NODE_ID: `node-${index}`,
        SFU_MAX_SOCKETS_PER_ADDRESS: '5000',
      };
      return disposers.use(
        await startServiceProcess({ entry: entryOf('sfu'), env: { ...nodeCommon, ...nodeEnv } }),
      );
    }),
  );
  return {
    authUrl,
    authUrls,
    authEnv: env,
    nodeUrls: nodes.map(({ urls }) => urls['sfu']!),
    auth,
    nodes,
    mint: (playerId, tokenType) => mint(authUrl, playerId, tokenType),
    close: () => disposers.closeAll(),
  };
}

export async function mint(authUrl: string, playerId: string, tokenType: 'read' | 'write'): Promise<string> {
  const response = await fetch(`${authUrl}${AUTH_API.mintToken.path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${playerId}`, 'content-type': 'application/json' },
    body: JSON.stringify({ token_type: tokenType }),
  });
  if (!response.ok) throw new Error(`auth answered ${response.status}: ${await response.text()}`);
  return AUTH_API.mintToken.reply.parse(await response.json()).token;
}
