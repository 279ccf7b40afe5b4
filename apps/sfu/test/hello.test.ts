import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CLOSE_CODES } from '@romm-netplay/protocol/wire';
import { rawSocket, startNode, type TestNode } from './support/node.js';

const ADA = { sub: 'ada', netplayUsername: 'Ada' };
const BOB = { sub: 'bob', netplayUsername: 'Bob' };

let node: TestNode;
let lenient: TestNode;
beforeAll(async () => {
  node = await startNode();
  lenient = await startNode({ allowQueryToken: true });
});
afterAll(async () => {
  await node.close();
  await lenient.close();
});

const nameOf = (reply: Record<string, unknown>) => (reply['data'] as { name: string }).name;
const errorOf = (reply: Record<string, unknown>) => (reply['error'] as { code: string }).code;
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

describe('hello: who is on the socket (P1.8, S2)', () => {
  it('takes the token of the first message', async () => {
    const { call } = await rawSocket(node.sfu);
    expect(await call('hello', { token: await node.readToken(ADA) })).toMatchObject({
      ok: true,
      data: {
        client_id: expect.stringMatching(/^[\w-]{22}$/),
        player_id: expect.stringMatching(/^[\w-]{22}$/),
        name: 'Ada',
        node_id: 'node-a',
        protocol: 'netplay.v1',
      },
    });
  });

  it('prefers the bearer over the first message, and the first message over cookies', async () => {
    const both = await rawSocket(node.sfu, { headers: bearer(await node.readToken(ADA)) });
    expect(nameOf(await both.call('hello', { token: await node.readToken(BOB) }))).toBe('Ada');
    const cookie = { cookie: `x=1; romm_sfu_token=${await node.readToken(ADA)}` };
    const first = await rawSocket(node.sfu, { headers: cookie });
    expect(nameOf(await first.call('hello', { token: await node.readToken(BOB) }))).toBe('Bob');
    const silent = await rawSocket(node.sfu, { headers: cookie });
    expect(nameOf(await silent.call('hello'))).toBe('Ada');
  });

  it.each(['romm_sfu_token', 'sfu_token'])(
    'takes cookie %s, even when the first message is no hello',
    async (name) => {
      const { call } = await rawSocket(node.sfu, {
        headers: { cookie: `${name}=${await node.readToken(ADA)}` },
      });
      expect(await call('list-rooms')).toMatchObject({ ok: true, data: { rooms: [] } });
    },
  );

  it('takes a token of the query only where that is switched on (D7)', async () => {
    const query = `?token=${await node.readToken(ADA)}`;
    const strict = await rawSocket(node.sfu, { query });
    expect(errorOf(await strict.call('hello'))).toBe('unauthorized');
    const open = await rawSocket(lenient.sfu, { query });
    expect(nameOf(await open.call('hello'))).toBe('Ada');
  });

  it('refuses a bad bearer before the upgrade', async () => {
    expect((await rawSocket(node.sfu, { headers: bearer('x.y.z') })).outcome).toBe(401);
    expect((await rawSocket(node.sfu, { headers: bearer(await node.writeToken(ADA)) })).outcome).toBe(401);
  });

  it.each([
    ['no token', 'unauthorized', () => Promise.resolve({})],
    [
      'a forged token',
      'token_signature',
      async () => ({ token: `${(await node.readToken(ADA)).slice(0, -6)}AAAAAA` }),
    ],
    ['a write token', 'token_type', async () => ({ token: await node.writeToken(ADA) })],
    ['a token that is no string', 'invalid_request', () => Promise.resolve({ token: 7 })],
  ])('answers %s with %s and closes', async (_what, code, makeData) => {
    const { call, closed } = await rawSocket(node.sfu);
    const reply = await call('hello', await makeData());
    expect(reply).toMatchObject({
      ok: false,
      error: { code, message: expect.any(String), retryable: false },
    });
    expect(await closed).toBe(CLOSE_CODES.unauthorized.code);
  });

  it('answers requests before hello with unauthorized, and closes', async () => {
    const { call, closed } = await rawSocket(node.sfu);
    expect(errorOf(await call('list-rooms'))).toBe('unauthorized');
    expect(await closed).toBe(CLOSE_CODES.unauthorized.code);
  });

  it('lets frames wait for the hello they follow', async () => {
    const { socket, call, messages } = await rawSocket(node.sfu);
    const hello = call('hello', { token: await node.readToken(ADA) });
    socket.send(new Uint8Array([0, 1]));
    expect((await hello)['ok']).toBe(true);
    await call('list-rooms');
    expect(messages).toContainEqual({
      type: 'error',
      data: expect.objectContaining({ code: 'not_in_room' }),
    });
  });

  it('takes one hello per socket', async () => {
    const { call } = await rawSocket(node.sfu, { headers: bearer(await node.readToken(ADA)) });
    expect((await call('hello'))['ok']).toBe(true);
    expect(errorOf(await call('hello', { token: await node.readToken(BOB) }))).toBe('already_authenticated');
  });

  it('gives equal players one player_id and every socket its own client_id', async () => {
    const [first, second] = [await node.connect('Ada', ADA), await node.connect('Ada', ADA)];
    expect(first.socket.hello.player_id).toBe(second.socket.hello.player_id);
    expect(first.clientId).not.toBe(second.clientId);
  });

  it('does no token work after hello: an expired token keeps its socket (S2)', async () => {
    let nowMs = Date.now();
    const aging = await startNode({}, { now: () => nowMs });
    const ada = await aging.connect('Ada', ADA);
    nowMs += 3_600_000;
    await expect(ada.socket.request('list-rooms', {})).resolves.toEqual({ rooms: [] });
    await aging.close();
  });
});
