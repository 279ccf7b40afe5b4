import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  LIFE_KEY,
  jtiKey,
  openRedis,
  PUBLISHED_ISSUERS_KEY,
  type RedisConnection,
} from '@romm-netplay/shared-state';
import { type RedisServer, startRedisServer } from '@romm-netplay/testing';
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import request from 'supertest';
import { ALICE, ISSUER, startAuth, type TestAuth } from './support/auth.js';

interface Minted {
  token: string;
  token_type: string;
  expires: number;
}

let server: RedisServer;
let redis: RedisConnection;
let auth: TestAuth;
beforeAll(async () => {
  server = await startRedisServer();
  redis = await openRedis({ url: server.url });
  auth = await startAuth({ redisUrl: server.url });
});
afterAll(async () => {
  await auth.close();
  await redis.close();
  await server.close();
});

const mint = (body?: object, bearer = ALICE) =>
  request(auth.url).post('/api/sfu/token').set('authorization', `Bearer ${bearer}`).send(body);

describe('POST /api/sfu/token', () => {
  it('mints a read token by default, with or without a body, and stores nothing (P1.1, P1.2)', async () => {
    for (const body of [undefined, {}, { token_type: 'read' }]) {
      const { status, body: reply } = await mint(body);
      const { token, ...rest } = reply as Minted;
      expect(status).toBe(200);
      expect(rest).toEqual({ token_type: 'bearer', expires: 900 });
      const claims = decodeJwt(token);
      expect(claims).toMatchObject({ iss: ISSUER, aud: ISSUER, sub: ALICE, type: 'sfu:read' });
      expect(claims.exp! - claims.iat!).toBe(900);
      expect(claims).not.toHaveProperty('jti');
    }
    const keys = await redis.run((client) => client.keys('*'));
    // What a start leaves there, whoever mints.
    expect(keys.filter((key) => ![LIFE_KEY, PUBLISHED_ISSUERS_KEY].includes(key))).toEqual([]);
  });

  it('mints a write token whose marker is "0" for 30 s (P1.1, P1.3)', async () => {
    const { body } = await mint({ token_type: 'write' });
    const { token, expires } = body as Minted;
    const { jti, type, exp, iat } = decodeJwt<{ type: string }>(token);
    expect({ type, expires, lifetime: exp! - iat! }).toEqual({
      type: 'sfu:write',
      expires: 30,
      lifetime: 30,
    });
    expect(jti).toMatch(/^[0-9a-f]{32}$/);
    expect(await redis.run((client) => client.get(jtiKey(jti!)))).toBe('0');
    expect(await redis.run((client) => client.ttl(jtiKey(jti!)))).toBeGreaterThan(25);
  });

  it('verifies against the published key set, with another library (P2.1)', async () => {
    const { token } = (await mint()).body as Minted;
    const keys = createRemoteJWKSet(new URL(`${auth.url}/.well-known/jwks.json`));
    const { payload } = await jwtVerify(token, keys, {
      issuer: ISSUER,
      audience: ISSUER,
      algorithms: ['RS256'],
    });
    expect(payload.sub).toBe(ALICE);
  });

  it('gives a player a name that does not contain the id that signs them in', async () => {
    const { token } = (await mint()).body as Minted;
    const { netplay_username: name } = decodeJwt<{ netplay_username: string }>(token);
    expect(name).toMatch(/^Player-[0-9a-f]{6}$/);
    expect(name).not.toContain(ALICE.slice(0, 6));
  });

  const refusals: [string, number, string, () => request.Test][] = [
    ['nobody is signed in', 403, 'not_signed_in', () => request(auth.url).post('/api/sfu/token')],
    ['the bearer is no UUID', 403, 'not_signed_in', () => mint({}, 'alice')],
    ['the scheme is not Bearer', 403, 'not_signed_in', () => mint().set('authorization', `Basic ${ALICE}`)],
    ['token_type is unknown', 400, 'invalid_request', () => mint({ token_type: 'admin' })],
    ['token_type is not a string', 400, 'invalid_request', () => mint({ token_type: ['write'] })],
    ['the body is a list', 400, 'invalid_request', () => mint([])],
    ['the body is no JSON', 400, 'invalid_json', () => mint().type('json').send('{"token_type":')],
    [
      'the body is of another type',
      415,
      'unsupported_media_type',
      () => mint().type('form').send('token_type=write'),
    ],
    ['the body is larger than 16 KB', 413, 'body_too_large', () => mint({ padding: 'x'.repeat(16 * 1024) })],
  ];
  it.each(refusals)('refuses when %s', async (_why, status, code, send) => {
    const { status: answered, body, type } = await send();
    expect(answered).toBe(status);
    expect(type).toBe('application/problem+json');
    expect(body).toMatchObject({ status, code, detail: expect.stringMatching(/\w+ \w+/) });
    expect(JSON.stringify(body)).not.toContain(ALICE);
  });

  it('answers 503 at once while Redis is away, and mints again when it is back', async () => {
    await server.kill();
    const { status, body, headers } = await mint({ token_type: 'write' });
    expect({ status, code: (body as { code: string }).code }).toEqual({
      status: 503,
      code: 'state_unavailable',
    });
    expect(headers['retry-after']).toBe('1');
    expect((await mint({ token_type: 'read' })).status).toBe(200);
    expect((await request(auth.url).get('/readyz')).status).toBe(503);
    expect((await request(auth.url).get('/healthz')).status).toBe(200);
    await server.restart();
    let again = await mint({ token_type: 'write' });
    while (again.status === 503) again = await mint({ token_type: 'write' });
    expect(again.status).toBe(200);
  });
});
