/**
 * The doctor in the SFU's image, for who has Docker and no Node. There is no Docker engine here: what the image
 * consists of is made by the command of the Dockerfile, moved away, and run as `docker compose exec` would.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type ProxyServer, startNginx } from '@romm-netplay/testing';
import { readComposeEnvironment } from './support/compose.js';
import { deploy, readImage, readText } from './support/deploy.js';
import { startShippedNginx } from './support/proxies.js';
import { type RommSite, startRommSite } from './support/romm-site.js';

const COMPOSE = 'infra/compose.add-to-romm.yaml';

let directory: string;
let image: string;
let site: RommSite;
let proxy: ProxyServer | undefined;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'netplay-doctor-image-'));
  image = join(directory, 'app');
  await deploy('sfu', join(directory, 'build'));
  await rename(join(directory, 'build'), image);
  site = await startRommSite();
}, 180_000);
afterEach(() => proxy?.close());
afterAll(async () => {
  await site.close();
  await rm(directory, { recursive: true, force: true });
});

interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** In the container of the compose file: its working directory and its environment. */
async function run(command: string, siteUrl = site.url): Promise<Run> {
  const [node, ...args] = command.split(' ');
  expect(node).toBe('node');
  const { env } = await readImage('sfu');
  const given = await readComposeEnvironment('netplay-sfu', [COMPOSE], { SITE_URL: siteUrl });
  return new Promise((resolve) => {
    const options = { cwd: image, env: { PATH: process.env['PATH'] ?? '', ...env, ...given } };
    const child = execFile(process.execPath, args, options, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });
}

/** The command of docs/DOCTOR.md, as it stands there. */
async function documented(): Promise<{ compose: string; service: string; command: string }> {
  const [, compose, service, command] =
    /^docker compose -f (\S+) exec (\S+) (node \S+ \S+)$/m.exec(await readText('docs/DOCTOR.md')) ?? [];
  return { compose: compose ?? '', service: service ?? '', command: command ?? '' };
}

describe('the doctor in the image of the SFU', () => {
  it('is what docs/DOCTOR.md says', async () => {
    const { compose, service, command } = await documented();
    expect({ compose, service }).toEqual({ compose: COMPOSE, service: 'netplay-sfu' });
    expect(existsSync(join(image, command.split(' ')[1] ?? 'none'))).toBe(true);
  });

  it('finds nothing wrong where all is well, and ends with 0', async () => {
    proxy = await startShippedNginx(site.behind);
    const command = (await documented()).command.replace('https://romm.example.org', site.url);
    const { code, stdout } = await run(command);
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining('Nothing is wrong') });
  });

  it('looks, without a URL, where the compose file says that the node and auth are', async () => {
    proxy = await startShippedNginx(site.behind);
    const { code, stdout, stderr } = await run('node dist/cli/doctor.js');
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining('Nothing is wrong') });
    expect(stderr).toContain(`Asking auth at ${site.url}/netplay`);
  });

  it('says what is wrong, and ends with 1', async () => {
    proxy = await startNginx({
      port: site.port,
      server: `location / { proxy_pass http://${site.behind.romm}; }`,
    });
    const { code, stdout } = await run(`node dist/cli/doctor.js ${site.url} --json`);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ status: 'fault', findings: [{ check: 'rules' }] });
  });

  it('says how it is called there', async () => {
    const { code, stdout } = await run('node dist/cli/doctor.js --help');
    expect(code).toBe(0);
    expect(stdout).toContain('node dist/cli/doctor.js https://romm.example.org');
    expect(stdout).not.toContain('npm');
  });
});
