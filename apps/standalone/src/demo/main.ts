#!/usr/bin/env node
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { composeStandalone } from '../compose.js';
import { parseConfig, portsOf } from '../config.js';
import { readEnvFile } from '../env-file.js';
import { playFederation } from './federation/play-federation.js';
import { play } from './play.js';
import { createTranscript } from './transcript.js';

interface Instance {
  readonly authUrl: string;
  readonly sfuUrl: string;
  close(): Promise<void>;
}

/** Where `npm start` with the same settings listens. */
function expectedInstance() {
  readEnvFile();
  const { auth, sfu } = portsOf();
  return { authUrl: `http://127.0.0.1:${auth}`, sfuUrl: `http://127.0.0.1:${sfu}` };
}

/** A standalone that already runs here with development identity, as `npm start` leaves it. */
async function findRunning(): Promise<Instance | undefined> {
  const expected = expectedInstance();
  try {
    const answers = await Promise.all(
      Object.values(expected).map((url) => fetch(`${url}/readyz`, { signal: AbortSignal.timeout(1_000) })),
    );
    const [auth] = (await Promise.all(answers.map((answer) => answer.json()))) as { warnings?: string[] }[];
    const anybody = auth?.warnings?.some((warning) => warning.startsWith('Development identity')) === true;
    return answers.every(({ ok }) => ok) && anybody
      ? { ...expected, close: () => Promise.resolve() }
      : undefined;
  } catch {
    return undefined;
  }
}

async function startOwn(): Promise<Instance> {
  const dataDir = await mkdtemp(join(tmpdir(), 'netplay-demo-'));
  const config = parseConfig({
    AUTH_PORT: '0',
    SFU_PORT: '0',
    DATA_DIR: dataDir,
    LOG_LEVEL: 'silent',
  });
  const standalone = await composeStandalone(config);
  return {
    authUrl: standalone.auth.url,
    sfuUrl: standalone.sfu.url,
    async close() {
      await standalone.close();
      await rm(dataDir, { recursive: true });
    },
  };
}

const transcript = createTranscript((line) => process.stdout.write(`${line}\n`));
const { values } = parseArgs({
  options: { federation: { type: 'boolean', default: false }, redis: { type: 'string' } },
});
if (values.federation) await playFederation(transcript, values.redis);
else await playAlone();
const { claims, failures } = transcript;
transcript.heading(
  failures === 0 ? `All ${claims} claims held.` : `${failures} of ${claims} claims did not hold.`,
);
process.exitCode = failures === 0 ? 0 : 1;

async function playAlone(): Promise<void> {
  const running = await findRunning();
  const instance = running ?? (await startOwn());
  transcript.heading(
    running === undefined
      ? `Started an instance of its own: auth ${instance.authUrl}, SFU ${instance.sfuUrl}`
      : `Using the instance that runs here: auth ${instance.authUrl}, SFU ${instance.sfuUrl}`,
  );
  try {
    await play({ ...instance, transcript });
  } finally {
    await instance.close();
  }
}
