/** Of what a node cannot do without, its log tells once that it goes and once that it is back (P4.8). */
import { afterEach, describe, expect, it } from '@jest/globals';
import { createServer } from 'node:http';
import { createLogger } from '@romm-netplay/service-kit';
import { createDisposers, eventually, freePort, startRedisServer } from '@romm-netplay/testing';
import request from 'supertest';
import { composeSfu } from '../src/composition/compose.js';
import { parseConfig } from '../src/config.js';

const disposers = createDisposers();
afterEach(() => disposers.closeAll());

/** At the level that nodes log by default, with the keys of nobody at hand unless auth is there. */
async function startNode(env: Record<string, string>) {
  const written: string[] = [];
  const log = createLogger('sfu', 'warn', { write: (line) => void written.push(line) });
  const config = parseConfig({ PORT: '0', HOST: '127.0.0.1', ...env });
  const node = disposers.use(await composeSfu(config, { log }));
  const ready = async () => (await request(node.url).get('/readyz')).status;
  return {
    written,
    ready,
    told: () => written.map((line) => JSON.parse(line) as { level: number; msg: string; reason?: string }),
    async look() {
      for (let round = 0; round < 15; round += 1) {
        await ready();
        await request(node.url).get('/list');
        await new Promise((resolve) => setTimeout(resolve, 300));
      }
    },
  };
}

/** In place of auth: keys, and nothing that has ended. */
async function startFakeAuth(port: number) {
  const server = createServer((incoming, response) => {
    const { url = '' } = incoming;
    const body = url.includes('jwks')
      ? { keys: [] }
      : url.includes('revocations')
        ? { cursor: '0-0', session_refs: [], sessions: [] }
        : { code: 'room_not_found' };
    response.writeHead('code' in body ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

describe('a node', () => {
  it('says once that Redis goes, and once that it is back', async () => {
    const redis = disposers.use(await startRedisServer());
    const port = await freePort();
    disposers.use(await startFakeAuth(port));
    const node = await startNode({ AUTH_ISSUER: `http://127.0.0.1:${port}`, REDIS_URL: redis.url });
    await eventually(async () => (await node.ready()) === 200);
    expect(node.told()).toEqual([]);
    await redis.kill();
    await eventually(async () => (await node.ready()) === 503);
    await node.look();
    await redis.restart();
    await eventually(() => node.told().some(({ level }) => level < 50), 20_000);
    const messages = node.told().map(({ msg }) => msg);
    expect(new Set(messages)).toEqual(new Set(['Redis cannot be used', 'Redis can be used again']));
    expect(messages.filter((msg) => msg.endsWith('again'))).toHaveLength(1);
    // Silent first, then gone.
    expect(messages.length).toBeLessThanOrEqual(3);
    expect(node.written.join()).not.toContain('stack');
  }, 60_000);

  it('says once that auth goes, which stands for Redis, and once that it is back', async () => {
    const port = await freePort();
    const auth = await startFakeAuth(port);
    const secret = { ROMM_SFU_INTERNAL_SECRET: 'an-internal-secret-of-these-tests' };
    const node = await startNode({ AUTH_ISSUER: `http://127.0.0.1:${port}`, ...secret });
    await eventually(async () => (await node.ready()) === 200);
    const before = node.told().length;
    await auth.close();
    await eventually(async () => (await node.ready()) === 503);
    await node.look();
    disposers.use(await startFakeAuth(port));
    await eventually(() => node.told().some(({ msg }) => msg === 'Auth can be used again'), 20_000);
    const lines = node.told().slice(before);
    const named = (what: string) => lines.filter(({ msg }) => msg === what);
    expect(named('Auth cannot be used')).toMatchObject([
      { reason: expect.stringMatching(/ECONN|no answer|other side/) },
    ]);
    expect(named('Auth can be used again')).toHaveLength(1);
    expect(named('key set not fetched').length).toBeLessThanOrEqual(1);
    expect(
      lines.map(({ msg }) => msg).filter((msg) => /not followed|not announced|is down/.test(msg)),
    ).toEqual([]);
    expect(node.written.join()).not.toContain('stack');
  }, 60_000);
});
