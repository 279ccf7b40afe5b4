import { parseArgs, type ParseArgsConfig } from 'node:util';
import type { Operation } from '@romm-netplay/protocol';
import { ConfigError } from '@romm-netplay/service-kit';
import type { z } from 'zod';
import { adminEnv } from '../config.js';

/** Exit codes of sysexits.h: wrong usage, service unavailable. */
export const EX_USAGE = 64;
const EX_UNAVAILABLE = 69;

export class CommandError extends Error {
  readonly exitCode: number;
  constructor(message: string, exitCode: number) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** What goes along with a call of the admin API, beside its body. */
export interface CallOptions {
  /** For the `:name`s of the path. */
  readonly params?: Readonly<Record<string, string>>;
  /** The version that is to be changed. */
  readonly ifMatch?: string;
}

/** The admin API of a running auth service. */
export interface AdminClient {
  /** @throws CommandError with what the service said, or why it said nothing */
  call<O extends Operation>(
    operation: O,
    body?: object,
    options?: CallOptions,
  ): Promise<z.output<O['reply']>>;
  /** The same, with the version of what was answered. */
  read<O extends Operation>(
    operation: O,
    options?: CallOptions,
  ): Promise<{ readonly answer: z.output<O['reply']>; readonly etag: string }>;
}

/** For a word that no command has. */
export const noSuchCommand = (command: string, usage: string): CommandError =>
  new CommandError(`There is no command "${command}".\n\n${usage}`, EX_USAGE);

export interface Command {
  readonly usage: string;
  /** Words of the admin API in what it refuses, as this command has them. */
  readonly ownWords?: Readonly<Record<string, string>>;
  /** Options beside --url and --help. */
  readonly options?: ParseArgsConfig['options'];
  /** Answers what to print. @throws CommandError */
  run(
    input: { readonly positionals: readonly string[]; readonly values: Readonly<Record<string, unknown>> },
    client: AdminClient,
  ): Promise<string>;
}

/** Runs a command to its exit code; every message is for a person. */
export async function runCommand(command: Command, args = process.argv.slice(2)): Promise<void> {
  const { exitCode, output } = await answerOf(command, args);
  (exitCode === 0 ? process.stdout : process.stderr).write(output);
  process.exitCode = exitCode;
}

/** What a command prints, and how it ends. */
export async function answerOf(
  command: Command,
  args: string[],
  env = adminEnv,
): Promise<{ readonly exitCode: number; readonly output: string }> {
  try {
    return { exitCode: 0, output: await main(command, args, env) };
  } catch (error) {
    if (error instanceof CommandError)
      return { exitCode: error.exitCode, output: `${error.message.trimEnd()}\n` };
    const what = error instanceof ConfigError ? error.message : String(error);
    return { exitCode: EX_USAGE, output: `${what}\n` };
  }
}

async function main(
  { options = {}, ownWords = {}, usage, run }: Command,
  args: string[],
  env: typeof adminEnv,
): Promise<string> {
  const { values: given, positionals } = parse(args, options);
  const { help, ...values } = given;
  // Whoever asks how it is called has not set anything up yet.
  if (help === true) return usage;
  if (positionals.length === 0) throw new CommandError(usage, EX_USAGE);
  const { AUTH_URL, ADMIN_API_KEY } = env();
  const url = typeof values.url === 'string' ? urlOf(values.url) : AUTH_URL.replace(/\/+$/, '');
  return run({ positionals, values }, adminClient(url, ADMIN_API_KEY, inOwnWords(ownWords)));
}

function urlOf(text: string): string {
  if (URL.canParse(text) && /^https?:\/\//i.test(text)) return text.replace(/\/+$/, '');
  throw new CommandError(`${text} is no URL; write http://${text.replace(/^.*:\/\//, '')}.`, EX_USAGE);
}

const COMMON_OPTIONS = { url: { type: 'string' }, help: { type: 'boolean', short: 'h' } } as const;

function parse(args: string[], options: NonNullable<ParseArgsConfig['options']>) {
  try {
    return parseArgs({ args, options: { ...COMMON_OPTIONS, ...options }, allowPositionals: true });
  } catch (error) {
    // Node adds how to pass a word that begins with a dash.
    const [sentence = ''] = (error as Error).message.split(/\. |\n/);
    throw new CommandError(`${sentence}; --help shows what the command takes.`, EX_USAGE);
  }
}

/** Says a sentence of the admin API in the words of a command. */
const inOwnWords =
  (words: Readonly<Record<string, string>>) =>
  (sentence: string): string =>
    Object.entries(words).reduce((said, [word, own]) => said.replaceAll(word, own), sentence);

function adminClient(url: string, key: string | undefined, say: (sentence: string) => string): AdminClient {
  async function ask<O extends Operation>(operation: O, body?: object, options: CallOptions = {}) {
    if (key === undefined) {
      throw new CommandError('Set ADMIN_API_KEY (or ADMIN_API_KEY_FILE) to the one of auth.', EX_USAGE);
    }
    const response = await send(url, key, operation, body, options);
    const text = await response.text();
    const answer = (text.startsWith('{') ? JSON.parse(text) : {}) as Refusal;
    if (!response.ok) throw new CommandError(say(reasonOf(url, response.status, answer)), 1);
    return { answer: operation.reply.parse(answer) as z.output<O['reply']>, response };
  }

  return {
    call: async (operation, body, options) => (await ask(operation, body, options)).answer,
    async read(operation, options) {
      const { answer, response } = await ask(operation, undefined, options);
      return { answer, etag: response.headers.get('etag') ?? '' };
    },
  };
}

async function send(
  url: string,
  key: string,
  { method, path }: Operation,
  body: object | undefined,
  { params = {}, ifMatch }: CallOptions,
): Promise<Response> {
  const named = path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(params[name] ?? ''));
  try {
    return await fetch(`${url}${named}`, {
      method: method.toUpperCase(),
      headers: {
        authorization: `Bearer ${key}`,
        ...(body && { 'content-type': 'application/json' }),
        ...(ifMatch !== undefined && { 'if-match': ifMatch }),
      },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(15_000),
    });
  } catch {
    throw new CommandError(
      `${url} does not answer. Is auth running there? Set --url or AUTH_URL.`,
      EX_UNAVAILABLE,
    );
  }
}

interface Refusal {
  readonly code?: string;
  readonly detail?: string;
}

/** What the service said; in other words where it speaks to programs. */
function reasonOf(url: string, status: number, { code, detail }: Refusal): string {
  if (code === 'admin_key_wrong') return `ADMIN_API_KEY is not the one of auth at ${url}; compare the two.`;
  if (code === 'not_found') return `${url} is not auth, or an older one; check --url or AUTH_URL.`;
  if (detail !== undefined)
    return `${detail.replace(/^body\./, '')}${code === undefined ? '' : ` (${code})`}`;
  return status >= 502 && status <= 504
    ? `${url} answered ${status}: auth is starting, or a proxy does not reach it; try again in some seconds.`
    : `${url} answered ${status}, and not as auth does; check the URL.`;
}

/** Rows of cells, each column as wide as its widest cell. */
export function tableOf(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}
