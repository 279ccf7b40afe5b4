import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CLOSE_CODES } from '@romm-netplay/protocol/wire';
import request from 'supertest';
import { rawSocket, startNode, type TestNode } from './support/node.js';

let node: TestNode;
let strict: TestNode;
beforeAll(async () => {
  node = await startNode({ devIdentity: true });
  strict = await startNode();
});
afterAll(async () => {
  await node.close();
  await strict.close();
});

const dataOf = (reply: Record<string, unknown>) => reply['data'] as Record<string, unknown>;

describe('development mode (S3)', () => {
  it('takes a bare UUID in place of every token, and tells nobody what it is', async () => {
    const [ada, bob] = [randomUUID(), randomUUID()];
    const host = await rawSocket(node.sfu);
    const hello = dataOf(await host.call('hello', { token: ada }));
    expect(hello['name']).toMatch(/^Player-[0-9a-f]{6}$/);
    const opened = await host.call('open-room', { room_name: 'made-up', token: ada });
    expect(opened).toMatchObject({ ok: true, data: { slot: 0 } });
    const guest = await rawSocket(node.sfu, { headers: { authorization: `Bearer ${bob.toUpperCase()}` } });
    const joined = await guest.call('join-room', { room_name: 'made-up', token: bob });
    expect(joined).toMatchObject({ ok: true, data: { slot: 1 } });
    expect(JSON.stringify([hello, opened, joined])).not.toContain(ada);
    const list = await request(node.sfu.url).get('/list').set('authorization', `Bearer ${ada}`);
    expect(list.body).toMatchObject({ 'made-up': { current: 2 } });
  });

  it('lets nobody spend the id of another', async () => {
    const { call } = await rawSocket(node.sfu);
    await call('hello', { token: randomUUID() });
    expect(await call('open-room', { room_name: 'other', token: randomUUID() })).toMatchObject({
      ok: false,
      error: { code: 'token_not_yours' },
    });
  });

  it('still judges real tokens, and uses write tokens up', async () => {
    const subject = { sub: 'ada' };
    const { call } = await rawSocket(node.sfu);
    await call('hello', { token: await node.readToken(subject) });
    const token = await node.writeToken(subject);
    expect(await call('open-room', { room_name: 'real', token })).toMatchObject({ ok: true });
    await call('leave-room');
    expect(await call('open-room', { room_name: 'real', token })).toMatchObject({
      error: { code: 'token_used' },
    });
  });

  it('warns in /readyz, and is off unless asked for', async () => {
    const { body } = await request(node.sfu.url).get('/readyz');
    expect(body.warnings).toEqual([expect.stringContaining('Development identity is on')]);
    expect((await request(strict.sfu.url).get('/readyz')).body.warnings).toEqual([]);
    const { call, closed } = await rawSocket(strict.sfu);
    expect(await call('hello', { token: randomUUID() })).toMatchObject({
      error: { code: 'token_malformed' },
    });
    expect(await closed).toBe(CLOSE_CODES.unauthorized.code);
  });
});
