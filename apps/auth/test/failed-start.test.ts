/** A start that fails says why, for whoever has to mend it (X2). */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDisposers, freePort, startPostgresServer } from '@romm-netplay/testing';
import { StartError, tellFailure } from '@romm-netplay/service-kit';
import pg from 'pg';
import { loadEncryptionKey } from '../src/adapters/file-encryption-key.js';
import { openDatabase } from '../src/adapters/sql/database.js';
import { startAuth } from './support/auth.js';

const disposers = createDisposers();
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'netplay-failed-start-'));
  disposers.defer(() => rm(directory, { recursive: true, force: true }));
});
afterAll(() => disposers.closeAll());

const onError = () => undefined;
const failureOf = (opening: Promise<unknown>): Promise<unknown> =>
  opening.then(
    () => 'It started.',
    (error: unknown) => error,
  );
const open = (url: string | undefined, dataDir = directory) =>
  failureOf(openDatabase({ url, dataDir, startWaitSeconds: 0, onError }));

/** A PostgreSQL that refuses everybody with this SQLSTATE. */
async function refusingServer(sqlState: string): Promise<string> {
  const fields = Buffer.from(`SFATAL\0VFATAL\0C${sqlState}\0Mpassword authentication failed\0\0`);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(fields.length + 4);
  const server = createServer((socket) => {
    socket.on('error', onError);
    socket.once('data', () => socket.end(Buffer.concat([Buffer.from('E'), length, fields])));
  });
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  disposers.defer(() => server.close());
  return `postgres://netplay:hunter2@127.0.0.1:${port}/netplay`;
}

/** One sentence or two, of which none is of the code. */
function expectTold(failure: unknown, what: RegExp): void {
  expect(failure).toBeInstanceOf(StartError);
  const told = tellFailure(failure);
  expect(told).toMatch(what);
  expect(told).not.toMatch(/\n|hunter2|node_modules| {4}at /);
}

describe('PostgreSQL that cannot be used', () => {
  it('is not there', async () => {
    expectTold(await open(`postgres://netplay@127.0.0.1:${await freePort()}/x`), /ECONNREFUSED.*running/);
  });

  it('refuses the password', async () => {
    expectTold(await open(await refusingServer('28P01')), /refuses the user or the password.*28P01/);
  });

  it('has no such database, no such user, or one who may nothing', async () => {
    const url = await disposers.use(await startPostgresServer()).createDatabase();
    const other = (changes: Partial<Pick<URL, 'pathname' | 'username'>>) =>
      Object.assign(new URL(url), changes).href;
    expectTold(await open(other({ pathname: '/none' })), /no database of the name.*3D000.*create it/);
    expectTold(await open(other({ username: 'nobody' })), /none of this name.*pg_hba/);
    const client = new pg.Client(url);
    await client.connect();
    await client.query('create role poor login');
    await client.end();
    expectTold(await open(other({ username: 'poor' })), /42501.*GRANT ALL ON SCHEMA public/);
  });
});

describe('DATA_DIR that cannot be written', () => {
  it.each([
    ['the database', (path: string) => open(undefined, path)],
    ['the key beside it', (path: string) => failureOf(loadEncryptionKey(path))],
  ])('is told at once: for %s', async (_what, start) => {
    const file = join(directory, 'a-file');
    await writeFile(file, '');
    const startedAt = performance.now();
    expectTold(await start(join(file, 'data')), /^DATA_DIR cannot be written: .*a-file.data \(ENOTDIR\)/);
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });
});

describe('an address that cannot be listened on', () => {
  it('is taken, or none of this machine', async () => {
    const port = await freePort();
    const first = await startAuth({ port });
    expectTold(await failureOf(startAuth({ port })), /EADDRINUSE\).* set PORT to another/);
    expectTold(
      await failureOf(startAuth({ metricsPort: port, metricsHost: '127.0.0.1' })),
      /EADDRINUSE\).* set METRICS_PORT to another/,
    );
    await first.close();
    expectTold(await failureOf(startAuth({ host: '192.0.2.1' })), /EADDRNOTAVAIL\).*0\.0\.0\.0/);
  });
});

it('a failure that nobody foresaw is told down to its cause, without what its errors carry', () => {
  const cause = Object.assign(new Error('inner'), { connection: { password: 'hunter2' } });
  const told = tellFailure(new Error('outer', { cause }));
  expect(told).toMatch(/Error: outer\n +at [\s\S]*Caused by: Error: inner\n +at /);
  expect(told).not.toContain('hunter2');
});
