/** What docs/FEDERATION.md tells administrators to do, done; and its tables against the code. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { issuerRecord, OBSTACLES } from '@romm-netplay/protocol';
import { createDisposers } from '@romm-netplay/testing';
import { AUTH_ERRORS } from '../../apps/auth/src/errors.js';
import { entryOf } from './support/instance.js';

const run = promisify(execFile);
const PAGE = fileURLToPath(new URL('../../docs/FEDERATION.md', import.meta.url));
let text: string;
beforeAll(async () => {
  text = await readFile(PAGE, 'utf8');
});

const section = (title: string): string =>
  new RegExp(`^## ${title}$([\\s\\S]*?)(?=^## |$(?![\\s\\S]))`, 'm').exec(text)?.[1] ?? '';
/** What is in the first column of tables of a section, by code span. */
const firstCells = (title: string): string[] =>
  [...section(title).matchAll(/^\| ([^|]+) \|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`([a-z_0-9]+)`/g)].map(([, name = '']) => name),
  );

describe('docs/FEDERATION.md', () => {
  it('makes an authority and a certificate with the commands it gives', async () => {
    const disposers = createDisposers();
    const directory = await mkdtemp(join(tmpdir(), 'netplay-docs-'));
    disposers.defer(() => rm(directory, { recursive: true }));
    const [, commands = ''] = /```sh\n([^`]*openssl[^`]*)```/.exec(section('Instances at home')) ?? [];
    await writeFile(join(directory, 'commands.sh'), commands);
    const { stdout } = await run('sh', ['-e', 'commands.sh'], { cwd: directory });
    expect(stdout).toMatch(/sha256 Fingerprint=([0-9A-F]{2}:){31}[0-9A-F]{2}/i);
    const verified = await run(
      'openssl',
      ['verify', '-CAfile', 'ca.pem', '-verify_hostname', 'b.lan', 'b.pem'],
      {
        cwd: directory,
      },
    );
    expect(verified.stdout).toContain('b.pem: OK');
    await disposers.closeAll();
  });

  it('names commands and options that netplay-federation has', async () => {
    const usage = await run(process.execPath, [entryOf('auth', 'cli/netplay-federation.js')]).catch(
      (error: unknown) => (error as { stderr: string }).stderr,
    );
    const commands = [...text.matchAll(/netplay-federation ([a-z]+)/g)].map(([, name = '']) => name);
    const options = [...text.matchAll(/(?<![-\w])--([a-z][a-z0-9-]+)/g)].map(([, name = '']) => name);
    expect(commands.length).toBeGreaterThan(8);
    for (const name of commands) expect(usage).toContain(`netplay-federation ${name}`);
    const ofOthers = ['federation'];
    for (const name of new Set(options)) if (!ofOthers.includes(name)) expect(usage).toContain(`--${name}`);
  });

  it('lists every obstacle in the order in which they are looked for', () => {
    expect(firstCells('Rooms elsewhere')).toEqual(['obstacle', ...OBSTACLES]);
  });

  it('lists every field of the register', () => {
    const { created_at: _created, updated_at: _updated, ...fields } = issuerRecord.shape;
    expect(firstCells('The register').sort()).toEqual(Object.keys(fields).sort());
  });

  it('explains refusals that there are', () => {
    const codes = firstCells('When it does not work').filter((code) =>
      /^(peer|caller|invitation|thumb)/.test(code),
    );
    expect(codes.length).toBeGreaterThan(7);
    expect(codes.filter((code) => !Object.hasOwn(AUTH_ERRORS, code))).toEqual([]);
  });
});
