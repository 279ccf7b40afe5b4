import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createLogger } from '@romm-netplay/service-kit';
import { jtiKey, openRedis, type RedisConnection } from '@romm-netplay/shared-state';
import { freePort, type RedisServer, startRedisServer } from '@romm-netplay/testing';
import jwt from 'jsonwebtoken';
import request from 'supertest';
import { SECRET, startAuth, type TestAuth } from './support/auth.js';

const ROMM_SECRET = 'the-secret-that-romm-signs-with';
const lines: string[] = [];
let metricsPort: number;
let server: RedisServer;
let redis: RedisConnection;
let strict: TestAuth;
let lenient: TestAuth;
beforeAll(async () => {
  server = await startRedisServer();
  redis = await openRedis({ url: server.url });
  metricsPort = await freePort();
  const log = createLogger('auth', 'info', { write: (line) => void lines.push(line) });
  const accept = { hs256Secret: ROMM_SECRET, sfuType: true, oldMarkers: true };
  strict = await startAuth({ redisUrl: server.url });
  lenient = await startAuth({ redisUrl: server.url, accept, metricsPort }, { log });
});
afterAll(async () => {
  await strict.close();
  await lenient.close();
  await redis.close();
  await server.close();
});

const older = (claims: object) =>
  jwt.sign({ iss: 'romm:sfu', sub: 'ada', ...claims }, ROMM_SECRET, { algorithm: 'HS256', expiresIn: 30 });
const verify = (auth: TestAuth, token: string) =>
  request(auth.url).post('/api/sfu/internal/verify').set('x-romm-sfu-secret', SECRET).send({ token });

describe('tokens and markers of older servers (P1.5)', () => {
  it('are refused by default', async () => {
    const { status, body } = await verify(strict, older({ type: 'sfu:read' }));
    expect({ status, code: (body as { code: string }).code }).toEqual({
      status: 401,
      code: 'token_kid_missing',
    });
  });

  it('verify while their flags are on, once each, for the subject their marker names', async () => {
    const [mine, theirs] = ['a'.repeat(32), 'b'.repeat(32)];
    await redis.run((client) =>
      client.hSet(jtiKey(mine), { sub: 'ada', iss: 'romm:sfu', netplay_username: 'Ada' }),
    );
    await redis.run((client) => client.set(jtiKey(theirs), JSON.stringify({ sub: 'bob' })));
    const token = older({ type: 'sfu', jti: mine });
    const { status, body } = await verify(lenient, token);
    expect(status).toBe(200);
    expect(body).toMatchObject({ sub: 'ada', iss: 'romm:sfu', type: 'sfu' });
    expect((await verify(lenient, token)).status).toBe(401);
    expect((await verify(lenient, older({ type: 'sfu:write', jti: theirs }))).status).toBe(401);
    expect((await verify(lenient, older({ type: 'sfu:read' }))).status).toBe(200);
  });

  it('are counted and logged', async () => {
    const metrics = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
    expect(metrics).toMatch(/netplay_migration_uses_total\{feature="hs256",service="auth"\} [1-9]/);
    expect(metrics).toMatch(/netplay_migration_uses_total\{feature="old-marker",service="auth"\} 1/);
    expect((await fetch(`http://127.0.0.1:${metricsPort}/`)).status).toBe(404);
    const audited = lines
      .map((line) => JSON.parse(line) as { feature?: string })
      .map(({ feature }) => feature);
    expect(audited).toEqual(expect.arrayContaining(['hs256', 'sfu-type', 'old-marker']));
    expect(lines.join()).not.toContain('eyJ');
  });
});
