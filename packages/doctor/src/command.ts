import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { readTokenOf } from './config.js';
import { diagnose } from './diagnose.js';
import { verdictOf } from './findings.js';
import { reportOf } from './report.js';

export interface DoctorCommand {
  /** How it is called, before its options. */
  readonly call: string;
  /** What is looked at when no URL is given, in words and by its URLs. */
  readonly own: string;
  /** Undefined: there is nothing of its own, and a URL has to be given. */
  readonly ownUrls: () => OwnUrls | undefined;
}

export interface OwnUrls {
  readonly authUrl: string;
  readonly sfuUrl: string;
}

const EX_USAGE = 64;
const OPTIONS = {
  sfu: { type: 'string' },
  origin: { type: 'string' },
  'token-file': { type: 'string' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

const usageOf = ({ call, own }: DoctorCommand): string => {
  const width = `${call} https://romm.example.org`.length + 4;
  return `doctor: looks at a deployment from outside and says what to change

  ${call.replace(/ --$/, '').padEnd(width)}${own}
  ${`${call} https://romm.example.org`.padEnd(width)}a site; the SFU is looked for at the same URL

Options: --sfu <URL>           where the SFU node is, if not at the same URL
         --origin <URL>        a page of this origin is to use both: checks CORS and sockets; RomM's own without it
         --token-file <path>   a file with a read token, to try listing rooms (or DOCTOR_READ_TOKEN)
         --json                findings as JSON on standard output
Exit codes: 0 no fault; 1 a fault; 64 wrong usage.
`;
};

class UsageError extends Error {}

/** Runs the doctor as a command; answers its exit code. */
export async function runDoctor(command: DoctorCommand, args = process.argv.slice(2)): Promise<number> {
  try {
    return await main(command, args);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usageOf(command)}`);
    return EX_USAGE;
  }
}

async function main(command: DoctorCommand, args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true });
  if (values.help) {
    process.stdout.write(usageOf(command));
    return 0;
  }
  if (positionals.length > 1) throw new UsageError('Give one URL; the SFU goes with --sfu.');
  const onProgress = (what: string) => process.stderr.write(`Asking ${what} ...\n`);
  const findings = await diagnose({
    ...urlsOf(command, positionals[0], values.sfu),
    origin: originOf(values.origin),
    readToken: values['token-file'] === undefined ? readTokenOf() : await readToken(values['token-file']),
    onProgress,
  });
  const status = verdictOf(findings);
  process.stdout.write(
    values.json
      ? `${JSON.stringify({ status, findings }, null, 2)}\n`
      : `\n${reportOf(findings, process.stdout.columns)}`,
  );
  return status === 'fault' ? 1 : 0;
}

function urlsOf({ ownUrls }: DoctorCommand, site: string | undefined, sfu: string | undefined): OwnUrls {
  if (site !== undefined) return { authUrl: site, sfuUrl: sfu ?? site };
  const own = ownUrls();
  if (own === undefined) throw new UsageError('Give the URL at which players reach RomM.');
  return { ...own, ...(sfu !== undefined && { sfuUrl: sfu }) };
}

function originOf(given: string | undefined): string | undefined {
  if (given === undefined) return undefined;
  if (!URL.canParse(given)) throw new UsageError('--origin must be like https://romm.example.org.');
  return new URL(given).origin;
}

async function readToken(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    throw new UsageError(`The token file cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  }
}
