import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SFU_API } from '@romm-netplay/protocol/sfu-api';
import { openApi } from '@romm-netplay/sfu/compose';
import request from 'supertest';
import { startNode, type TestNode } from './support/node.js';

const ADA = { sub: 'ada' };

let node: TestNode;
beforeAll(async () => {
  node = await startNode({ publicUrl: 'https://sfu.example.org', adminApiKey: 'a-key-that-nobody-shows' });
  await (await node.connect('Ada')).open('chess', { extra: { game_id: 7 } });
  await (await node.connect('Bob')).open('go', { password: 'secret', max_players: 2 });
  await (await node.connect('Cid')).open('hidden', { visibility: 'private' });
});
afterAll(() => node.close());

const get = async (path: string, token?: string) =>
  request(node.sfu.url)
    .get(path)
    .set('authorization', `Bearer ${token ?? (await node.readToken(ADA))}`);

describe('GET /list', () => {
  it('shows the rooms of the instance by name, as existing clients read them (D21)', async () => {
    const { status, body } = await get('/list');
    expect(status).toBe(200);
    expect(Object.keys(body as object).sort()).toEqual(['chess', 'go']);
    expect(body).toMatchObject({
      chess: {
        room_name: 'chess',
        current: 1,
        max: 4,
        hasPassword: false,
        nodeId: 'node-a',
        url: 'https://sfu.example.org',
      },
      go: { current: 1, max: 2, hasPassword: true },
    });
    expect(JSON.stringify(body)).not.toContain('secret');
  });

  it('can be narrowed to one game', async () => {
    expect(Object.keys((await get('/list?game_id=7')).body as object)).toEqual(['chess']);
    expect((await get('/list?game_id=8')).body).toEqual({});
  });

  it('takes the token of a cookie', async () => {
    const { status } = await request(node.sfu.url)
      .get('/list')
      .set('cookie', `romm_sfu_token=${await node.readToken(ADA)}`);
    expect(status).toBe(200);
  });
});

describe('GET /resolve', () => {
  it.each(['/resolve?room=chess', '/resolve?room_name=chess'])(
    '%s names the node of a room',
    async (path) => {
      expect((await get(path)).body).toEqual({
        room_name: 'chess',
        url: 'https://sfu.example.org',
        nodeId: 'node-a',
      });
    },
  );

  it('answers 404 for unknown rooms and 400 without a room', async () => {
    expect((await get('/resolve?room=nowhere')).status).toBe(404);
    expect((await get('/resolve')).status).toBe(400);
  });
});

describe('refusals (D7, D9)', () => {
  it.each([
    ['no token', 'token_missing', async () => request(node.sfu.url).get('/list')],
    [
      'a query token',
      'token_missing',
      async () => request(node.sfu.url).get(`/list?token=${await node.readToken(ADA)}`),
    ],
    [
      'a write token',
      'token_type',
      async () => get('/list', (await node.issuer.issueWriteToken(ADA, 'https://games.example.org')).token),
    ],
    ['garbage', 'token_malformed', () => get('/list', 'garbage')],
    ['no token at /resolve', 'token_missing', async () => request(node.sfu.url).get('/resolve?room=chess')],
  ])('answers 401 to %s', async (_what, code, send) => {
    const { status, body, type } = await send();
    expect({ status, type, code: (body as { code: string }).code }).toEqual({
      status: 401,
      type: 'application/problem+json',
      code,
    });
  });

  it('answers 503 when auth publishes no keys: nobody can tell, so nobody is refused', async () => {
    const nowhere = { redisUrl: undefined, authBaseUrl: 'http://127.0.0.1:1' };
    const blind = await startNode(nowhere, { keys: undefined as never });
    const { status, body, headers } = await request(blind.sfu.url)
      .get('/list')
      .set('authorization', `Bearer ${await node.readToken(ADA)}`);
    expect({ status, code: (body as { code: string }).code }).toEqual({
      status: 503,
      code: 'keys_unavailable',
    });
    expect(headers['retry-after']).toBe('1');
    expect((await request(blind.sfu.url).get('/readyz')).body).toMatchObject({
      status: 'unready',
      components: { keys: { state: 'down' }, state: { state: 'up' } },
    });
    await blind.close();
  });

  it('has no open debug endpoints (D28)', async () => {
    for (const path of ['/debug/all-producers', '/debug/room-producers', '/debug', '/metrics']) {
      expect((await get(path)).status).toBe(404);
    }
  });
});

describe('OpenAPI', () => {
  it('is served, and matches docs/openapi/sfu.json; on purpose changed: node scripts/write-openapi.mjs', async () => {
    const generated: unknown = JSON.parse(JSON.stringify(openApi));
    expect((await request(node.sfu.url).get('/openapi.json')).body).toEqual(generated);
    const file = new URL('../../../docs/openapi/sfu.json', import.meta.url);
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(generated);
  });

  it.each(Object.entries(SFU_API))('%s is answered by its handler', async (_name, { method, path }) => {
    const agent = request(node.sfu.url);
    const token = await node.readToken(ADA);
    const asked = agent[method](path.replace(':', '')).set('authorization', `Bearer ${token}`);
    const { status, body } = await asked;
    // Without an ADMIN_API_KEY, nobody is an operator.
    expect(status).not.toBe(500);
    if (status === 404) expect((body as { code: string }).code).not.toBe('not_found');
  });
});
