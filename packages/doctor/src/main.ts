#!/usr/bin/env node
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { readTokenOf } from './config.js';
import { diagnose } from './diagnose.js';
import { verdictOf } from './findings.js';
import { reportOf } from './report.js';

const USAGE = `doctor: looks at a deployment from outside and says what to change

  npm run doctor                                what npm start left running on this machine
  npm run doctor -- https://romm.example.org    a site; the SFU is looked for at the same URL

Options: --sfu <URL>           where the SFU node is, if not at the same URL
         --origin <URL>        a page of this origin is to use both: checks CORS and sockets
         --token-file <path>   a file with a read token, to try listing rooms (or DOCTOR_READ_TOKEN)
         --json                findings as JSON on standard output
Exit codes: 0 no fault; 1 a fault; 64 wrong usage.
`;
const EX_USAGE = 64;
const DEFAULTS = { authUrl: 'http://localhost:3100', sfuUrl: 'http://localhost:3001' };
const OPTIONS = {
  sfu: { type: 'string' },
  origin: { type: 'string' },
  'token-file': { type: 'string' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

class UsageError extends Error {}

async function readArguments() {
  const { values, positionals } = parseArgs({ options: OPTIONS, allowPositionals: true });
  if (positionals.length > 1) throw new UsageError('Give one URL; the SFU goes with --sfu.');
  const [site] = positionals;
  const { sfu, origin, json, help, 'token-file': tokenFile } = values;
  if (origin !== undefined && !URL.canParse(origin)) {
    throw new UsageError('--origin must be like https://romm.example.org.');
  }
  return {
    json,
    help,
    targets: {
      authUrl: site ?? DEFAULTS.authUrl,
      sfuUrl: sfu ?? site ?? DEFAULTS.sfuUrl,
      origin: origin === undefined ? undefined : new URL(origin).origin,
      readToken: tokenFile === undefined ? readTokenOf() : await readToken(tokenFile),
    },
  };
}

async function readToken(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    throw new UsageError(`The token file cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  }
}

async function main(): Promise<number> {
  const { targets, json, help } = await readArguments();
  if (help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const onProgress = (what: string) => process.stderr.write(`Asking ${what} ...\n`);
  const findings = await diagnose({ ...targets, onProgress });
  const status = verdictOf(findings);
  process.stdout.write(
    json
      ? `${JSON.stringify({ status, findings }, null, 2)}\n`
      : `\n${reportOf(findings, process.stdout.columns)}`,
  );
  return status === 'fault' ? 1 : 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
  process.exitCode = EX_USAGE;
}
