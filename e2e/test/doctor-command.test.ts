/** The command people run, as its own process, against what `npm start` leaves running. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from '@jest/globals';
import { createDisposers, freePort, startServiceProcess } from '@romm-netplay/testing';
import { entryOf } from './support/instance.js';

const DOCTOR = fileURLToPath(new URL('../../packages/doctor/dist/main.js', import.meta.url));

const disposers = createDisposers();
afterAll(() => disposers.closeAll());

describe('npm run doctor (X1)', () => {
  interface Run {
    readonly code: number;
    readonly stdout: string;
    readonly stderr: string;
  }
  const run = (args: string[], env: Record<string, string> = {}, cwd = tmpdir()) =>
    new Promise<Run>((resolve) => {
      const options = { cwd, env: { PATH: process.env['PATH'], ...env } };
      const child = execFile(process.execPath, [DOCTOR, ...args], options, (_error, stdout, stderr) =>
        resolve({ code: child.exitCode ?? -1, stdout, stderr }),
      );
    });

  it('finds nothing wrong with what npm start leaves running, and shows no token', async () => {
    const own = await mkdtemp(join(tmpdir(), 'netplay-doctor-cli-'));
    disposers.defer(() => rm(own, { recursive: true, force: true }));
    const [authPort, sfuPort] = [await freePort(), await freePort()];
    const started = disposers.use(
      await startServiceProcess({
        entry: entryOf('standalone'),
        env: { AUTH_PORT: `${authPort}`, SFU_PORT: `${sfuPort}`, DATA_DIR: own },
        services: 3,
      }),
    );
    const [auth, sfu] = [started.urls['auth']!, started.urls['sfu']!];
    const response = await fetch(`${auth}/api/sfu/token`, {
      method: 'POST',
      headers: { authorization: 'Bearer 7d0c8a3e-1111-4222-8333-944455556666' },
    });
    const { token } = (await response.json()) as { token: string };
    const file = join(own, 'token');
    await writeFile(file, token);
    const { code, stdout, stderr } = await run([auth, '--sfu', sfu, '--token-file', file]);
    expect({ code, stdout }).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('0 faults') as unknown,
    });
    expect(stdout).toMatch(/ok {4}token +The SFU takes the read token/);
    expect(stdout).toMatch(/warn {2}auth-ready +auth warns: Development identity is on/);
    expect(stderr).toContain('Asking auth at');
    expect(stdout + stderr).not.toContain(token);
    const inEnvironment = await run([auth, '--sfu', sfu, '--json'], { DOCTOR_READ_TOKEN: token });
    expect(JSON.parse(inEnvironment.stdout)).toMatchObject({ status: 'warning' });
    expect(inEnvironment.stdout).toContain('lists rooms');
    // Told no URL, it looks where npm start listens with the same settings.
    await writeFile(join(own, '.env'), `AUTH_PORT=${authPort}\nSFU_PORT=1\n`);
    const found = await run(['--json'], { SFU_PORT: `${sfuPort}` }, own);
    expect(found.stderr).toContain(`auth at http://localhost:${authPort}`);
    expect(JSON.parse(found.stdout)).toMatchObject({ status: 'warning' });
  });

  it('ends with 1 when there is a fault, and says what to change', async () => {
    const nowhere = `http://127.0.0.1:${await freePort()}`;
    const { code, stdout } = await run([nowhere]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/FAIL {2}auth-reachable/);
    expect(stdout).toContain('-> Start the service');
  });

  it.each([[['--nonsense']], [['http://a', 'http://b']], [['http://a', '--token-file', '/no/such/file']]])(
    'says how it is used when asked wrongly: %j',
    async (args) => {
      const { code, stderr } = await run(args);
      expect(code).toBe(64);
      expect(stderr).toContain('npm run doctor');
    },
  );
});
