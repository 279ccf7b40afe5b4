#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { AUTH_API } from '@romm-netplay/protocol/auth-api';
import type { z } from 'zod';
import { adminEnv } from '../config.js';

const USAGE = `netplay-keys: the signing keys of a running auth service

  netplay-keys list              show every key and its phase
  netplay-keys rotate            publish a successor of the current key now
  netplay-keys withdraw <kid>    end a compromised key at once, with every token it signed
  netplay-keys re-encrypt        seal the private keys under the current KEY_ENCRYPTION_KEY

Options: --url <auth>   default: AUTH_URL, or http://127.0.0.1:3100
The admin key is read from ADMIN_API_KEY or ADMIN_API_KEY_FILE (never from the command line).
`;

/** Exit codes of sysexits.h: wrong usage, service unavailable. */
const EX_USAGE = 64;
const EX_UNAVAILABLE = 69;

class CommandError extends Error {
  readonly exitCode: number;
  constructor(message: string, exitCode: number) {
    super(message);
    this.exitCode = exitCode;
  }
}

async function call(
  operation: { method: string; path: string },
  url: string,
  key: string,
  body?: object,
): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(`${url}${operation.path}`, {
      method: operation.method.toUpperCase(),
      headers: { authorization: `Bearer ${key}`, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(15_000),
    });
  } catch {
    throw new CommandError(
      `${url} does not answer. Is auth running there? Set --url or AUTH_URL.`,
      EX_UNAVAILABLE,
    );
  }
  const text = await response.text();
  const answer = (text.startsWith('{') ? JSON.parse(text) : {}) as { detail?: string };
  if (response.ok) return answer;
  throw new CommandError(
    answer.detail ?? `${url} answered ${response.status}, and not as auth does; check the URL.`,
    1,
  );
}

async function main(args: string[]): Promise<string> {
  const { values, positionals } = parseArgs({
    args,
    options: { url: { type: 'string' } },
    allowPositionals: true,
  });
  const [command, kid, ...rest] = positionals;
  const env = adminEnv();
  const url = (values.url ?? env.AUTH_URL).replace(/\/+$/, '');
  const key = env.ADMIN_API_KEY;
  if (command === undefined || rest.length > 0 || (command === 'withdraw') !== (kid !== undefined)) {
    throw new CommandError(USAGE, EX_USAGE);
  }
  if (key === undefined)
    throw new CommandError('Set ADMIN_API_KEY (or ADMIN_API_KEY_FILE) to the one of auth.', EX_USAGE);
  switch (command) {
    case 'list':
      return tableOf(AUTH_API.listKeys.reply.parse(await call(AUTH_API.listKeys, url, key)).keys);
    case 'rotate': {
      const next = AUTH_API.rotateKeys.reply.parse(await call(AUTH_API.rotateKeys, url, key));
      return `Published ${next.kid}; it signs from ${next.signs_from}.\n`;
    }
    case 'withdraw':
      await call(AUTH_API.withdrawKey, url, key, { kid });
      return `Withdrawn ${kid}; its tokens are refused from now on.\n`;
    case 're-encrypt': {
      const { reencrypted } = AUTH_API.reencryptKeys.reply.parse(
        await call(AUTH_API.reencryptKeys, url, key),
      );
      return `Re-encrypted ${reencrypted} key(s).\n`;
    }
    default:
      throw new CommandError(USAGE, EX_USAGE);
  }
}

function tableOf(keys: z.output<typeof AUTH_API.listKeys.reply>['keys']): string {
  const rows = keys.map(({ phase, alg, kid, signsFrom, withdrawnAt }) => [
    withdrawnAt === null ? phase : 'withdrawn',
    alg,
    kid,
    `signs from ${signsFrom}`,
  ]);
  return (
    rows
      .map((row) => row.map((cell, index) => cell.padEnd([10, 6, 44, 0][index] ?? 0)).join(' '))
      .join('\n') + '\n'
  );
}

try {
  process.stdout.write(await main(process.argv.slice(2)));
} catch (error) {
  const known = error instanceof CommandError;
  process.stderr.write(`${known ? error.message.trimEnd() : `${String(error)}\n\n${USAGE}`}\n`);
  process.exitCode = known ? error.exitCode : EX_USAGE;
}
