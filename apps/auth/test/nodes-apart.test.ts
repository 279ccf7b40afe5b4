/** Whoever holds an internal secret speaks for its own node, and for none that shares Redis (D3, P1.6). */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NodeRecord } from '@romm-netplay/protocol';
import { createMemoryState, type SharedState } from '@romm-netplay/shared-state';
import request from 'supertest';
import { SECRET, startAuth, type TestAuth } from './support/auth.js';

const OF_B = 'the-secret-of-node-b-alone';
const OF_C = 'the-secret-of-node-c-alone';
const A: NodeRecord = {
  ...{ nodeId: 'node-a', url: 'https://a.example.org', rooms: 0, sockets: 0, maxRooms: 10 },
  ...{ draining: false, adopts: true, startedAtMs: 1, updatedAtMs: 1 },
};
const roomAt = ({ nodeId, url }: NodeRecord) => ({ room_name: 'den', current: 1, max: 4, nodeId, url });
const EVIL = { ...A, nodeId: 'evil', url: 'https://evil.example.org' };

let auth: TestAuth;
let state: SharedState;
beforeAll(async () => {
  state = createMemoryState();
  auth = await startAuth({ internalSecrets: { 'node-b': OF_B, 'node-c': OF_C } }, { state });
  // Node A shares the state itself, as over Redis.
  await state.nodes.upsert(A);
  await state.rooms.upsert({ ...roomAt(A), hasPassword: false });
});
afterAll(() => auth.close());

async function call(path: string, body: object, secret = SECRET) {
  const { status, body: reply } = await request(auth.url)
    .post(`/api/sfu/internal/${path}`)
    .set('x-romm-sfu-secret', secret)
    .send(body);
  return [status, (reply as { code?: string }).code ?? null];
}

describe('a holder of the shared secret', () => {
  it.each([
    ['its id', 'nodes/upsert', { ...EVIL, nodeId: A.nodeId }, 'node_held_elsewhere'],
    ['its id with its own url', 'nodes/upsert', A, 'node_held_elsewhere'],
    ['its url', 'nodes/upsert', { ...EVIL, url: A.url }, 'node_held_elsewhere'],
    ['its place on the list', 'nodes/remove', { nodeId: A.nodeId, startedAtMs: 1 }, 'node_held_elsewhere'],
    ['its room by its url', 'rooms/upsert', roomAt({ ...EVIL, url: A.url }), 'room_held_elsewhere'],
    ['its room by its id', 'rooms/upsert', roomAt({ ...EVIL, nodeId: A.nodeId }), 'room_held_elsewhere'],
    ['its room by being it', 'rooms/upsert', roomAt(A), 'room_held_elsewhere'],
    ['its room off the list', 'rooms/delete', { room_name: 'den', nodeId: A.nodeId }, 'room_held_elsewhere'],
    ['its room off the list, nameless', 'rooms/delete', { room_name: 'den' }, 'room_held_elsewhere'],
  ])('takes from a node over Redis neither %s', async (_what, path, body, code) => {
    expect(await call(path, body)).toEqual([409, code]);
    expect(await state.nodes.list()).toMatchObject([{ nodeId: A.nodeId, url: A.url }]);
    expect(await state.rooms.list()).toMatchObject([{ nodeId: A.nodeId, url: A.url }]);
  });

  it('speaks for nodes without a secret of their own, and for no other', async () => {
    const d = { ...A, nodeId: 'node-d', url: 'https://d.example.org' };
    expect(await call('nodes/upsert', d)).toEqual([200, null]);
    expect(await call('nodes/remove', { nodeId: 'node-d', startedAtMs: 1 })).toEqual([200, null]);
    const b = { ...A, nodeId: 'node-b', url: 'https://b.example.org' };
    expect(await call('nodes/upsert', b)).toEqual([403, 'node_not_yours']);
    expect(await call('rooms/upsert', { ...roomAt(b), room_name: 'b' })).toEqual([403, 'node_not_yours']);
  });
});

describe('a secret of one node', () => {
  const b = { ...A, nodeId: 'node-b', url: 'https://b.example.org' };

  it('opens what that node does', async () => {
    const room = { ...roomAt(b), room_name: 'b' };
    for (const [path, body] of [
      ['nodes/upsert', b],
      ['rooms/upsert', room],
      ['rooms/delete', { room_name: 'b' }],
      ['rooms/upsert', room],
      ['rooms/delete', { room_name: 'b', nodeId: 'node-b' }],
      ['nodes/remove', { nodeId: 'node-b', startedAtMs: 1 }],
    ] as const) {
      expect([path, ...(await call(path, body, OF_B))]).toEqual([path, 200, null]);
    }
  });

  it.each([
    ['nodes/upsert', EVIL],
    ['nodes/remove', { nodeId: 'evil', startedAtMs: 1 }],
    ['rooms/upsert', { ...roomAt(EVIL), room_name: 'x' }],
    ['rooms/delete', { room_name: 'x', nodeId: 'evil' }],
  ])('speaks for no other: %s', async (path, body) => {
    expect(await call(path, body, OF_B)).toEqual([403, 'node_not_yours']);
  });

  it('is none of the others', async () => {
    expect(await call('nodes/upsert', b, 'the-secret-of-nobody-at-all')).toEqual([
      401,
      'internal_secret_wrong',
    ]);
  });
});

describe('between nodes without Redis that have secrets of their own', () => {
  const [b, c] = ['b', 'c'].map((letter) => ({
    ...A,
    nodeId: `node-${letter}`,
    url: `https://${letter}.example.org`,
  })) as [NodeRecord, NodeRecord];
  const room = { ...roomAt(b), room_name: 'theirs', room_key: 'name:theirs' };

  it('nobody takes a room by naming its url, nor the url itself', async () => {
    expect(await call('nodes/upsert', b, OF_B)).toEqual([200, null]);
    expect(await call('rooms/upsert', room, OF_B)).toEqual([200, null]);
    const older = { ...roomAt({ ...c, url: b.url }), room_name: 'theirs' };
    for (const [path, body, secret, refusal] of [
      ['rooms/upsert', { ...room, nodeId: c.nodeId }, OF_C, [409, 'room_held_elsewhere']],
      ['rooms/upsert', older, OF_C, [409, 'room_held_elsewhere']],
      ['rooms/upsert', { ...older, nodeId: 'made-up' }, SECRET, [409, 'room_held_elsewhere']],
      ['nodes/upsert', { ...c, url: b.url }, OF_C, [409, 'node_held_elsewhere']],
      ['nodes/upsert', { ...c, nodeId: 'made-up', url: b.url }, SECRET, [409, 'node_held_elsewhere']],
      ['rooms/delete', { room_name: 'theirs' }, SECRET, [403, 'node_not_yours']],
      ['rooms/delete', { room_name: 'theirs' }, OF_C, [409, 'room_held_elsewhere']],
    ] as const) {
      expect([path, secret, await call(path, body, secret)]).toEqual([path, secret, refusal]);
    }
    expect(await state.rooms.resolve('name:theirs')).toMatchObject({ nodeId: b.nodeId, url: b.url });
  });
});

describe('a node over Redis that was silent for a while', () => {
  it('finds its rooms as it left them', async () => {
    await state.nodes.remove(A.nodeId, A.startedAtMs);
    expect(await call('rooms/delete', { room_name: 'den' })).toEqual([409, 'room_held_elsewhere']);
    expect(await call('rooms/upsert', roomAt(A))).toEqual([409, 'room_held_elsewhere']);
    expect(await call('rooms/upsert', roomAt(EVIL))).toEqual([409, 'room_held_elsewhere']);
    expect(await state.rooms.upsert({ ...roomAt(A), hasPassword: false })).toBe('stored');
    await state.nodes.upsert(A);
  });

  it('has its place on the list, however many nodes a holder of the secret makes up', async () => {
    for (let index = 0; ; index += 1) {
      const [status] = await call('nodes/upsert', {
        ...A,
        nodeId: `made-up-${index}`,
        url: `https://made-up-${index}.example.org`,
      });
      if (status !== 200) break;
    }
    expect(await state.nodes.upsert({ ...A, nodeId: 'late', url: 'https://late.example.org' })).toBe(
      'stored',
    );
  });
});
