import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { ALICE, ISSUER, SECRET, startAuth, type TestAuth } from './support/auth.js';

let auth: TestAuth;
beforeAll(async () => {
  auth = await startAuth();
});
afterAll(() => auth.close());

async function mint(tokenType: 'read' | 'write'): Promise<string> {
  const { body } = await request(auth.url)
    .post('/api/sfu/token')
    .set('authorization', `Bearer ${ALICE}`)
    .send({ token_type: tokenType });
  return (body as { token: string }).token;
}

const verify = (body: object, path = '') =>
  request(auth.url).post(`/api/sfu/internal/verify${path}`).set('x-romm-sfu-secret', SECRET).send(body);

describe('POST /api/sfu/internal/verify (P1.6)', () => {
  // A query string takes the request off the hot path and through Express: both must answer alike.
  it.each(['', '?through=express'])(
    'answers who a read token speaks for, again and again%s',
    async (path) => {
      const token = await mint('read');
      for (const consume of [true, false, undefined]) {
        const { status, body } = await verify({ token, consume }, path);
        expect(status).toBe(200);
        expect(body).toEqual({
          sub: ALICE,
          netplay_username: expect.stringMatching(/^Player-/),
          iss: ISSUER,
          type: 'sfu:read',
        });
      }
    },
  );

  it('uses a write token up once; without consume it can be repeated', async () => {
    const token = await mint('write');
    for (const _ of [1, 2]) expect((await verify({ token, consume: false })).status).toBe(200);
    expect((await verify({ token })).status).toBe(200);
    for (const consume of [true, false]) {
      const { status, body } = await verify({ token, consume });
      expect({ status, code: (body as { code: string }).code }).toEqual({ status: 401, code: 'token_used' });
    }
  });

  it('lets one of 50 racing calls win', async () => {
    const token = await mint('write');
    const answers = await Promise.all(Array.from({ length: 50 }, () => verify({ token })));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array<number>(49).fill(401)]);
  });

  it.each([
    ['absent', undefined],
    ['empty', ''],
    ['wrong', 'x'.repeat(SECRET.length)],
    ['a prefix', SECRET.slice(0, -1)],
    ['longer', `${SECRET}x`],
  ])('refuses a secret that is %s, before it reads the body', async (_what, secret) => {
    const call = request(auth.url).post('/api/sfu/internal/verify');
    if (secret !== undefined) void call.set('x-romm-sfu-secret', secret);
    const { status, body } = await call.type('json').send('not even json');
    expect({ status, code: (body as { code: string }).code }).toEqual({
      status: 401,
      code: 'internal_secret_wrong',
    });
    expect(JSON.stringify(body)).not.toContain(SECRET);
  });

  it('answers 503 when no secret is configured', async () => {
    const open = await startAuth({ internalSecret: undefined });
    const { status, body } = await request(open.url)
      .post('/api/sfu/internal/verify')
      .set('x-romm-sfu-secret', '')
      .send({});
    expect({ status, code: (body as { code: string }).code }).toEqual({
      status: 503,
      code: 'internal_secret_unset',
    });
    await open.close();
  });

  it.each([
    ['garbage', 'token_malformed', () => Promise.resolve('garbage')],
    ['an empty token', 'token_malformed', () => Promise.resolve('')],
    ['a forged token', 'token_signature', async () => (await mint('read')).slice(0, -8) + 'AAAAAAAA'],
  ])('answers 401 with a detail for %s', async (_what, code, makeToken) => {
    const token = await makeToken();
    const { status, body } = await verify({ token });
    expect(status).toBe(401);
    expect(body).toMatchObject({ code, detail: expect.any(String) });
    if (token !== '') expect(JSON.stringify(body)).not.toContain(token);
  });

  it.each([{}, { token: 7 }, { token: 'x', consume: 'no' }, []])('answers 400 for %j', async (body) => {
    expect((await verify(body)).status).toBe(400);
  });
});
