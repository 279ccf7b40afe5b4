import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { SECRET, startAuth, type TestAuth } from './support/auth.js';

let auth: TestAuth;
beforeAll(async () => {
  auth = await startAuth({}, { now: () => 1_800_000_000_000 });
});
afterAll(() => auth.close());

const BASE = '/api/sfu/internal/rooms';
const post = (path: string, body: object) =>
  request(auth.url).post(`${BASE}/${path}`).set('x-romm-sfu-secret', SECRET).send(body);
const get = (path: string) => request(auth.url).get(`${BASE}/${path}`).set('x-romm-sfu-secret', SECRET);

const record = (room_name: string, changes: object = {}) => ({
  room_name,
  current: 1,
  max: 4,
  hasPassword: true,
  nodeId: 'node-a',
  url: 'https://sfu.example.com',
  ...changes,
});

describe('room registry for SFU servers without Redis (P1.7)', () => {
  it('keeps, resolves, lists and deletes a room the way existing servers do it', async () => {
    expect((await post('upsert', record('a', { netplay_mode: 'delay_sync' }))).body).toEqual({ ok: true });
    const stored = record('a', { netplay_mode: 'delay_sync', updatedAt: 1_800_000_000_000 });
    expect((await get('resolve?room=a')).body).toEqual(stored);
    expect((await get('list')).body).toEqual({ a: stored });
    expect((await post('delete', { room_name: 'a' })).body).toEqual({ ok: true });
    expect((await get('resolve?room=a')).status).toBe(404);
    expect((await get('list')).body).toEqual({});
  });

  it('keeps the updatedAt a node sends', async () => {
    await post('upsert', record('b', { updatedAt: '2026-11-21T00:00:00Z' }));
    expect((await get('resolve?room=b')).body).toMatchObject({ updatedAt: '2026-11-21T00:00:00Z' });
    await post('delete', { room_name: 'b' });
  });

  it('lets no other node repoint or delete a room (D3)', async () => {
    await post('upsert', record('c'));
    const stolen = await post('upsert', record('c', { nodeId: 'node-b', url: 'https://evil.example.com' }));
    expect({ status: stolen.status, code: (stolen.body as { code: string }).code }).toEqual({
      status: 409,
      code: 'room_held_elsewhere',
    });
    expect((await post('delete', { room_name: 'c', nodeId: 'node-b' })).status).toBe(409);
    expect((await get('resolve?room=c')).body).toMatchObject({ url: 'https://sfu.example.com' });
    expect((await post('delete', { room_name: 'c', nodeId: 'node-a' })).status).toBe(200);
  });

  it.each([
    ['no name', { room_name: undefined }],
    ['a name of what nobody sees', { room_name: '\u200b\u3164' }],
    ['a name that is too long', { room_name: 'x'.repeat(129) }],
    ['a count that is not a number', { current: '1' }],
    ['a url that runs script', { url: 'javascript:alert(1)' }],
    ['no node', { nodeId: '' }],
  ])('refuses a record with %s', async (_what, changes) => {
    const { status, body } = await post('upsert', record('bad', changes));
    expect(status).toBe(400);
    expect((body as { detail: string }).detail).toContain(`body.${Object.keys(changes)[0]}`);
    expect((await get('list')).body).toEqual({});
  });

  it('cleans names as nodes do', async () => {
    for (const name of [' a\nb ', 'a\u202e b', 'a b\u200b']) {
      expect((await post('upsert', record(name))).status).toBe(200);
    }
    expect(Object.keys((await get('list')).body as object)).toEqual(['a b']);
  });

  it('asks for the room parameter', async () => {
    expect((await get('resolve')).status).toBe(400);
  });

  it.each([
    ['post', 'upsert'],
    ['post', 'delete'],
    ['get', 'resolve?room=a'],
    ['get', 'list'],
  ] as const)('%s %s needs the internal secret', async (method, path) => {
    expect((await request(auth.url)[method](`${BASE}/${path}`)).status).toBe(401);
  });
});
