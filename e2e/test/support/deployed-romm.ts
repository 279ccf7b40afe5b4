import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  createDisposers,
  freePort,
  ROMM_RELEASES,
  type RommServer,
  startRedisServer,
  startRommServer,
  startServiceProcess,
} from '@romm-netplay/testing';
import { type ComposePath, readComposeEnvironment } from './compose.js';
import { type App, deploy, type Environment, readImage, ROOT } from './deploy.js';
import { startShippedNginx } from './proxies.js';

const COMPOSE: ComposePath = 'infra/compose.romm.yaml';
const CLOCK = pathToFileURL(join(ROOT, 'e2e/emulator/later.mjs')).href;

export interface DeployedRomm {
  /** Where players reach all of it: the address of the proxy. */
  readonly url: string;
  readonly romm: RommServer;
  /** What the services have written so far. */
  output(): string;
  /** Puts the clocks of auth and the SFU ahead, by so much each time. */
  twentyMinutesLater(): void;
  close(): Promise<void>;
}

/**
 * What compose.romm.yaml describes, without containers: auth and an SFU as deployed and configured there, a real Redis,
 * the shipped nginx configuration, and a stand-in for RomM that serves `pages`. Only what exists inside containers
 * alone has other places: addresses, files and ports.
 */
export async function startDeployedRomm(pages: RequestListener): Promise<DeployedRomm> {
  const disposers = createDisposers();
  const directory = await mkdtemp(join(tmpdir(), 'netplay-deployed-romm-'));
  disposers.defer(() => rm(directory, { recursive: true, force: true }));
  const redis = disposers.use(await startRedisServer());
  const romm = disposers.use(
    await startRommServer(
      ROMM_RELEASES.find(({ name }) => name === '5.2')!,
      pages,
    ),
  );
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const places: Record<string, string> = {
    'redis://netplay-redis:6379': redis.url,
    'http://romm:8080': romm.url,
    '/data': join(directory, 'data'),
  };

  async function placeOf(value: string): Promise<string> {
    if (!value.startsWith('/run/secrets/')) return places[value] ?? value;
    const file = join(directory, value.slice('/run/secrets/'.length));
    await writeFile(file, randomBytes(32).toString('hex'), { flag: 'wx' }).catch(() => undefined);
    return file;
  }

  async function start(app: App) {
    const deployed = join(directory, app);
    await deploy(app, deployed);
    const image = await readImage(app);
    const given = {
      ...image.env,
      ...(await readComposeEnvironment(`netplay-${app}`, [COMPOSE], { SITE_URL: url })),
    };
    const env: Environment = Object.fromEntries(
      await Promise.all(
        Object.entries(given).map(async ([name, value]) => [name, await placeOf(value)] as const),
      ),
    );
    const service = await startServiceProcess({
      entry: image.entrypoint[1]!,
      cwd: deployed,
      env: { ...env, PORT: '0', HOST: '127.0.0.1', LOG_LEVEL: 'info', NODE_OPTIONS: `--import=${CLOCK}` },
    });
    return disposers.use({ ...service, url: service.urls[app]! });
  }

  const auth = await start('auth');
  places['http://netplay-auth:3100'] = auth.url;
  const sfu = await start('sfu');
  const hostOf = (each: string) => new URL(each).host;
  disposers.use(
    await startShippedNginx({ auth: hostOf(auth.url), sfu: [hostOf(sfu.url)], romm: hostOf(romm.url), port }),
  );
  return {
    ...{ url, romm },
    output: () => auth.output() + sfu.output(),
    twentyMinutesLater() {
      for (const { pid } of [auth, sfu]) process.kill(pid, 'SIGUSR2');
    },
    close: () => disposers.closeAll(),
  };
}
