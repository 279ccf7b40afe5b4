import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import {
  createDisposers,
  type Disposers,
  startPostgresServer,
  startRedisServer,
  startServiceProcess,
} from '@romm-netplay/testing';
import { residentMb } from './resident.js';
import { dataDirectory, ISSUER } from './services.js';
import type { Report } from './table.js';

/** What a start leaves behind has been collected by then, as far as anything collects it. */
const IDLE_MS = 10_000;
const COMMON = { HOST: '127.0.0.1', PORT: '0', LOG_LEVEL: 'error' };
/** What `npm start` and the compose files choose. */
const SMALL = { NODE_OPTIONS: '--max-semi-space-size=2' };
const AIM_STANDALONE_MB = 250;
const AIM_SERVICE_MB = 120;

type Env = Readonly<Record<string, string>>;
interface Subject {
  readonly name: string;
  readonly entry: 'standalone' | 'auth' | 'sfu';
  readonly env: Env;
  readonly aimMb?: number;
}

/** What the services hold while nobody plays, each started alone. */
export async function benchMemory(onRound: (done: number, total: number) => void): Promise<Report> {
  const disposers = createDisposers();
  try {
    const subjects = await listSubjects(disposers);
    const rows: string[][] = [];
    const aims: Report['aims'][number][] = [];
    for (const [index, subject] of subjects.entries()) {
      const { now, most } = await measure(subject);
      rows.push([subject.name, ...[now, most].map((mb) => `${mb.toFixed(0)} MB`)]);
      if (subject.aimMb !== undefined)
        aims.push({
          what: subject.name,
          aim: `${subject.aimMb} MB at most`,
          measured: `${now.toFixed(0)} MB`,
        });
      onRound(index + 1, subjects.length);
    }
    const columns = ['', `after ${IDLE_MS / 1000} s`, 'the most'];
    return { title: 'Memory of idle services', tables: [{ columns, rows }], aims };
  } finally {
    await disposers.closeAll();
  }
}

async function listSubjects(disposers: Disposers): Promise<Subject[]> {
  const redis = disposers.use(await startRedisServer());
  const postgres = disposers.use(await startPostgresServer());
  const standalone = { ...COMMON, AUTH_PORT: '0', SFU_PORT: '0', DATA_DIR: await dataDirectory(disposers) };
  const auth = {
    ...COMMON,
    AUTH_ISSUER: ISSUER,
    IDENTITY_PROVIDERS: 'local',
    REDIS_URL: redis.url,
    DATABASE_URL: await postgres.createDatabase(),
    KEY_ENCRYPTION_KEY: randomBytes(32).toString('hex'),
  };
  const sfu = { ...COMMON, AUTH_ISSUER: ISSUER, REDIS_URL: redis.url };
  const small = (env: Env) => ({ ...env, ...SMALL });
  return [
    {
      name: 'npm start, the first',
      entry: 'standalone',
      env: small(standalone),
      aimMb: AIM_STANDALONE_MB,
    },
    { name: 'npm start, later', entry: 'standalone', env: small(standalone), aimMb: AIM_STANDALONE_MB },
    { name: 'npm start, later, as Node is', entry: 'standalone', env: standalone },
    { name: 'auth over PostgreSQL', entry: 'auth', env: small(auth), aimMb: AIM_SERVICE_MB },
    { name: 'auth over PostgreSQL, as Node is', entry: 'auth', env: auth },
    { name: 'node', entry: 'sfu', env: small(sfu), aimMb: AIM_SERVICE_MB },
    { name: 'node, as Node is', entry: 'sfu', env: sfu },
  ];
}

async function measure({ entry, env }: Subject): Promise<Awaited<ReturnType<typeof residentMb>>> {
  const main = fileURLToPath(import.meta.resolve(`@romm-netplay/${entry}/main`));
  const service = await startServiceProcess({
    entry: main,
    env,
    services: entry === 'standalone' ? 3 : 1,
  });
  try {
    await delay(IDLE_MS);
    return await residentMb(service.pid);
  } finally {
    await service.stop();
  }
}
