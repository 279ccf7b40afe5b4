import { randomBytes } from 'node:crypto';
import * as pgliteFiles from '@romm-netplay/auth/pglite-files';
import { composeAuth } from '@romm-netplay/auth/compose';
import { parseEmbeddedConfig as parseAuthConfig } from '@romm-netplay/auth/config';
import { type ComposeOverrides, composeSfu, type Sfu } from '@romm-netplay/sfu/compose';
import { parseConfig as parseSfuConfig } from '@romm-netplay/sfu/config';
import { createMemoryState, type SharedState } from '@romm-netplay/shared-state';
import {
  createDisposers,
  type RommRelease,
  type RommServer,
  startRommServer,
  dataDirectory,
} from '@romm-netplay/testing';
import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client';
import { rm } from 'node:fs/promises';

/** Where players of the stand-in reach everything, through a proxy that these tests do without. */
export const ORIGIN = 'https://romm.example.org';

export interface RommInstance {
  readonly romm: RommServer;
  readonly state: SharedState;
  readonly authUrl: string;
  readonly sfuUrl: string;
  /** Of every node; the first is `sfuUrl`. */
  readonly sfuUrls: readonly string[];
  readonly secret: string;
  /** A user who is signed in to RomM; answers the header of their browser. */
  signIn(username: string): { readonly id: number; readonly session: string; readonly cookie: string };
  /** As RomM's player page connects: no token, RomM's cookie, its own path. */
  socket(headers: Record<string, string>, options?: Partial<ManagerOptions & SocketOptions>): Socket;
  /** Lets time pass for auth and the node. */
  pass(ms: number): void;
  /** Ends the nodes, and leaves auth alone. */
  closeNodes(): Promise<void>;
  close(): Promise<void>;
}

export interface RommInstanceOptions {
  readonly release: RommRelease;
  /** Whether the node shares auth's state (A1, A2) or asks auth for everything (A3). */
  readonly withoutState?: boolean;
  /** How many nodes, all at one address; one if not given. */
  readonly nodes?: number;
  /** Where players reach everything, if not at ORIGIN. */
  readonly site?: string;
  /** What differs in the environment of the nodes. */
  readonly sfuEnv?: Readonly<Record<string, string>>;
  readonly rommTiming?: ComposeOverrides['rommTiming'];
  /** By how much the clocks of the nodes are ahead of auth's. */
  readonly nodeAheadMs?: number;
}

/** RomM's stand-in, auth and a node that takes RomM's own session (N2). */
export async function startRommInstance(options: RommInstanceOptions): Promise<RommInstance> {
  const disposers = createDisposers();
  const issuer = `${options.site ?? ORIGIN}/netplay`;
  let skippedMs = 0;
  const now = () => Date.now() + skippedMs;
  const romm = disposers.use(await startRommServer(options.release));
  const dataDir = await dataDirectory(pgliteFiles);
  disposers.defer(() => rm(dataDir, { recursive: true, force: true }));
  const state = createMemoryState({ now, elapsed: now });
  const secret = randomBytes(16).toString('hex');
  const common = {
    PORT: '0',
    HOST: '127.0.0.1',
    LOG_LEVEL: 'silent',
    ROMM_SFU_INTERNAL_SECRET: secret,
    TRUSTED_PROXIES: 'loopback',
  };
  const authEnv = { IDENTITY_PROVIDERS: 'romm,local', ROMM_BASE_URL: romm.url, DATA_DIR: dataDir };
  const auth = disposers.use(
    await composeAuth(parseAuthConfig({ ...common, ...authEnv, AUTH_ISSUER: issuer }), { state, now }),
  );
  const nodes: Sfu[] = [];
  for (let i = 0; i < (options.nodes ?? 1); i += 1) {
    const sfuConfig = parseSfuConfig({
      ...common,
      AUTH_ISSUER: issuer,
      ROMM_API_BASE_URL: auth.url,
      PUBLIC_URL: issuer,
      NODE_ID: `node-${i}`,
      SFU_IDENTITY: 'tokens,romm',
      ...options.sfuEnv,
    });
    const sfu = await composeSfu(sfuConfig, {
      now: () => now() + (options.nodeAheadMs ?? 0),
      ...(options.withoutState === true ? {} : { state }),
      ...(options.rommTiming && { rommTiming: options.rommTiming }),
    });
    nodes.push(disposers.use(sfu));
  }
  const sfuUrls = nodes.map(({ url }) => url);
  const [sfuUrl = ''] = sfuUrls;
  const ids = new Map<string, number>();
  return {
    ...{ romm, state, secret, authUrl: auth.url, sfuUrl, sfuUrls },
    signIn(username) {
      const id = ids.get(username) ?? ids.size + 1;
      ids.set(username, id);
      romm.putUser({ id, username });
      const session = romm.openSession(id);
      return { id, session, cookie: `theme=dark; romm_session=${session}` };
    },
    socket(headers, more = {}) {
      const socket = io(sfuUrl, {
        path: '/netplay/socket.io',
        forceNew: true,
        reconnection: false,
        extraHeaders: { origin: ORIGIN, host: 'romm.example.org', ...headers },
        ...more,
      });
      disposers.defer(() => void socket.disconnect());
      return socket;
    },
    pass: (ms) => void (skippedMs += ms),
    async closeNodes() {
      for (const node of nodes) await node.close();
    },
    close: () => disposers.closeAll(),
  };
}
