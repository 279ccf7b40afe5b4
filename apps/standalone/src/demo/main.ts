#!/usr/bin/env node
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { NetplayError } from '@romm-netplay/client';
import { ConfigError } from '@romm-netplay/service-kit';
import { composeStandalone } from '../compose.js';
import { parseConfig, portsOf } from '../config.js';
import { readEnvFile } from '../env-file.js';
import { playFederation } from './federation/play-federation.js';
import { play } from './play.js';
import { createTranscript, type Transcript } from './transcript.js';

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

const EX_USAGE = 64;
const USAGE = `demo: lets players use netplay, and tries what must not work

  npm run demo                    against what npm start left running here, else an instance of its own
  npm run demo -- --federation    across three instances
                                  (--redis <url>: each over a database of that Redis)
`;
const OPTIONS = {
  federation: { type: 'boolean', default: false },
  redis: { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

process.exitCode = await main();

/** Answers the exit code. */
async function main(): Promise<number> {
  const options = optionsOf(process.argv.slice(2));
  if (typeof options === 'string') {
    process.stderr.write(`${options}\n\n${USAGE}`);
    return EX_USAGE;
  }
  if (options.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const transcript = createTranscript((line) => process.stdout.write(`${line}\n`));
  try {
    await (options.federation ? playFederation(transcript, options.redis) : playAlone(transcript));
  } catch (error) {
    // Said for people; where it comes from is of no use to them.
    if (!(error instanceof NetplayError || error instanceof ConfigError)) throw error;
    process.stderr.write(`\n${error.message}\n`);
    return 1;
  }
  const { claims, failures } = transcript;
  transcript.heading(
    failures === 0 ? `All ${claims} claims held.` : `${failures} of ${claims} claims did not hold.`,
  );
  return failures === 0 ? 0 : 1;
}

/** The options, or what is wrong with them. */
function optionsOf(args: string[]) {
  try {
    return parseArgs({ args, options: OPTIONS }).values;
  } catch (error) {
    // Node adds how to pass a word that begins with a dash.
    const [sentence = ''] = (error as Error).message.split(/\. |\n/);
    return `${sentence.replace(/\.$/, '')}.`;
  }
}

async function playAlone(transcript: Transcript): Promise<void> {
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
