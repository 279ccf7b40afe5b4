/** RomM's stand-in with netplay beside it, behind whatever proxy a test puts in front, for the doctor to look at. */
import { diagnose, type Finding } from '@romm-netplay/doctor';
import {
  createDisposers,
  freePort,
  type ProxyServer,
  ROMM_RELEASES,
  startNginx,
} from '@romm-netplay/testing';
import type { BehindProxy } from './proxies.js';
import { type RommInstance, startRommInstance } from './romm-instance.js';

export type LookOptions = Partial<Parameters<typeof diagnose>[0]>;

export interface RommSite {
  readonly instance: RommInstance;
  /** Where players reach all of it, and where a proxy is to listen. */
  readonly url: string;
  readonly port: number;
  /** What a proxy leads to, as it is well. */
  readonly behind: BehindProxy;
  /** Looks through a proxy, which is there until `afterLook`. */
  look(proxy: Promise<ProxyServer>, more?: LookOptions): Promise<Finding[]>;
  afterLook(): Promise<void>;
  close(): Promise<void>;
}

export const hostOf = (url: string): string => new URL(url).host;

const PAGE = '<!doctype html><html><body>RomM</body></html>';

export async function startRommSite(): Promise<RommSite> {
  const [disposers, looking] = [createDisposers(), createDisposers()];
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const release = ROMM_RELEASES.find(({ name }) => name === '5.2')!;
  const sfuEnv = { TRUSTED_PROXIES: 'loopback' };
  const instance = disposers.use(await startRommInstance({ release, site: url, sfuEnv }));
  // As RomM's own container: pages everywhere but at its API.
  const romm = disposers.use(
    await startNginx({
      server: `location /api/ { proxy_pass ${instance.romm.url}; }
        location /netplay/socket.io/ { proxy_pass ${instance.romm.url}; }
        location / { error_page 405 =200 /; default_type text/html; return 200 "${PAGE}"; }`,
    }),
  );
  return {
    ...{ instance, url, port },
    behind: {
      auth: hostOf(instance.authUrl),
      sfu: instance.sfuUrls.map(hostOf),
      romm: hostOf(romm.url),
      port,
    },
    async look(proxy, more = {}) {
      looking.use(await proxy);
      return diagnose({ authUrl: url, sfuUrl: url, timeoutMs: 5_000, ...more });
    },
    afterLook: () => looking.closeAll(),
    async close() {
      await looking.closeAll();
      await disposers.closeAll();
    },
  };
}

/** What is wrong, of all that was found. */
export const wrongOf = (findings: readonly Finding[]): Finding[] =>
  findings.filter(({ status }) => status === 'fault' || status === 'warning');

export const checksOf = (findings: readonly Finding[]): string[] =>
  wrongOf(findings).map(({ check }) => check);
