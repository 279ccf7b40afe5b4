/** A database that starts later than auth, as when a machine boots: N6. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { createLogger } from '@romm-netplay/service-kit';
import {
  createDisposers,
  eventually,
  freePort,
  startPostgresServer,
  startRedisServer,
} from '@romm-netplay/testing';
import { connect, createServer } from 'node:net';
import request from 'supertest';
import { startAuth } from './support/auth.js';

const disposers = createDisposers();
let databaseUrl: string;
beforeAll(async () => {
  databaseUrl = await disposers.use(await startPostgresServer()).createDatabase();
});
afterAll(() => disposers.closeAll());

/** Lets connections to a port through to another; answers how many there were. */
async function openGate(port: number, to: string): Promise<() => number> {
  const { hostname, port: realPort } = new URL(to);
  let connections = 0;
  const gate = createServer((socket) => {
    connections += 1;
    const through = connect(Number(realPort), hostname);
    socket.pipe(through).pipe(socket);
    for (const each of [socket, through]) each.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => gate.listen(port, '127.0.0.1', resolve));
  disposers.defer(() => gate.close());
  return () => connections;
}

it('is waited for: alive, not ready, one line in the log that says why; then all works', async () => {
  const lines: string[] = [];
  const log = createLogger('auth', 'info', { write: (line) => void lines.push(line) });
  const [port, slowPort] = [await freePort(), await freePort()];
  const slow = new URL(databaseUrl);
  slow.port = String(slowPort);
  const redis = disposers.use(await startRedisServer());
  const redisPort = await freePort();
  const connections = await openGate(redisPort, redis.url);
  const redisUrl = `redis://127.0.0.1:${redisPort}`;
  const starting = startAuth({ port, databaseUrl: slow.href, redisUrl }, { log });
  const ask = (path: string) => request(`http://127.0.0.1:${port}`).get(path);
  await eventually(async () => (await ask('/healthz')).status === 200);
  // Its own 503, which nobody takes for that of a proxy.
  for (const path of ['/readyz', '/.well-known/jwks.json']) {
    const { status, type, headers, body } = await ask(path);
    expect({ status, type, retry: headers['retry-after'] }).toEqual({
      status: 503,
      type: 'application/problem+json',
      retry: '1',
    });
    expect(body).toMatchObject({ status: 503, code: 'starting', detail: expect.stringContaining('log') });
  }
  await eventually(() => lines.length > 0);

  // The embedded one keeps the process from answering while it is set up; connections would count as dead.
  expect(connections()).toBe(0);
  await openGate(slowPort, databaseUrl);
  const auth = await starting;
  expect((await ask('/readyz')).status).toBe(200);
  expect(connections()).toBe(1);
  const waiting = lines.filter((line) => line.includes('waiting for the database'));
  expect(waiting).toHaveLength(1);
  expect(waiting[0]).toContain('ECONNREFUSED');
  await auth.close();
});

it('is not waited for when it is there and of another opinion', async () => {
  const nowhere = new URL(databaseUrl);
  nowhere.pathname = '/no_such_database';
  const startedAt = performance.now();
  await expect(startAuth({ databaseUrl: nowhere.href })).rejects.toThrow(/no database of the name.*3D000/);
  expect(performance.now() - startedAt).toBeLessThan(20_000);
});
