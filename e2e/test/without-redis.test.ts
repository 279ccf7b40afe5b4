import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connectNetplay, NetplayError, type NetplaySocket } from '@romm-netplay/client';
import { composeAuth } from '@romm-netplay/auth/compose';
import { parseEmbeddedConfig } from '@romm-netplay/auth/config';
import { createMemoryState, NODE_TTL_MS } from '@romm-netplay/shared-state';
import { createDisposers, eventually, type RedisServer, startRedisServer } from '@romm-netplay/testing';
import { WebSocket } from 'ws';
import { nodeRegistryContract } from '../../packages/shared-state/test/contracts/node-registry.contract.js';
import { roomRegistryContract } from '../../packages/shared-state/test/contracts/room-registry.contract.js';
import { closeTestDatabase, testDatabase } from '../../apps/auth/test/support/database.js';
import { createMemoryKeyStore } from '../../apps/auth/src/adapters/memory-key-store.js';
import { type AuthApiClient, createAuthApiClient } from '../../apps/sfu/src/adapters/auth-api-client.js';
import { createHttpNodeRegistry } from '../../apps/sfu/src/adapters/http-node-registry.js';
import { createHttpRoomRegistry } from '../../apps/sfu/src/adapters/http-room-registry.js';
import { type Instance, ISSUER, SECRET, startInstance } from './support/instance.js';

afterAll(closeTestDatabase);

/** Two adapters over one auth, whose state forgets by a clock of the test. */
async function overAuth<R>(ttlMs: number, create: (auth: AuthApiClient) => R) {
  const disposers = createDisposers();
  let nowMs = 1_800_000_000_000;
  const env = {
    PORT: '0',
    HOST: '127.0.0.1',
    AUTH_ISSUER: ISSUER,
    IDENTITY_PROVIDERS: 'dev',
    LOG_LEVEL: 'silent',
  };
  const config = parseEmbeddedConfig({
    ...env,
    ROMM_SFU_INTERNAL_SECRET: SECRET,
    SIGNING_ALG: 'ES256',
    KEY_ENCRYPTION_KEY: 'ab'.repeat(32),
  });
  const auth = disposers.use(
    await composeAuth(config, {
      state: createMemoryState({ ttlMs, elapsed: () => nowMs }),
      keyStore: createMemoryKeyStore(),
      database: await testDatabase(),
    }),
  );
  const registry = () => create(createAuthApiClient({ baseUrl: auth.url, secret: SECRET }));
  return {
    registry: registry(),
    other: registry(),
    expire() {
      nowMs += Math.max(ttlMs, NODE_TTL_MS);
      return Promise.resolve();
    },
    close: () => disposers.closeAll(),
  };
}

describe('RoomRegistry over auth’s internal endpoints', () => {
  roomRegistryContract((ttlMs) => overAuth(ttlMs, createHttpRoomRegistry));
});

describe('NodeRegistry over auth’s internal endpoints (A3)', () => {
  nodeRegistryContract((ttlMs) => overAuth(ttlMs, createHttpNodeRegistry));
});

describe('an SFU node without Redis (A3)', () => {
  const disposers = createDisposers();
  let redis: RedisServer;
  let instance: Instance;
  beforeAll(async () => {
    redis = disposers.use(await startRedisServer());
    // One node of each kind, so that a token can be raced between them; the last has the wrong secret.
    const nodes = [{}, { REDIS_URL: redis.url }, { ROMM_SFU_INTERNAL_SECRET: 'not-the-secret-of-auth' }];
    instance = disposers.use(await startInstance({ redisUrl: redis.url, nodes }));
  });
  afterAll(() => disposers.closeAll());

  async function connect(
    node: number,
    id: string = randomUUID(),
  ): Promise<{ id: string; socket: NetplaySocket }> {
    const token = await instance.mint(id, 'read');
    const socket = disposers.use(
      await connectNetplay({ sfuUrl: instance.nodeUrls[node]!, token, WebSocket }),
    );
    return { id, socket };
  }
  const codeOf = (request: Promise<unknown>): Promise<string> =>
    request.then(
      () => 'accepted',
      (error: unknown) => (error instanceof NetplayError ? error.code : String(error)),
    );
  const open = (socket: NetplaySocket, room_name: string, token: string) =>
    codeOf(socket.request('open-room', { room_name, token }));

  it('uses tokens up through auth, once', async () => {
    const { id, socket } = await connect(0);
    const token = await instance.mint(id, 'write');
    expect(await open(socket, 'a', token)).toBe('accepted');
    await socket.request('leave-room', {});
    expect(await open(socket, 'a', token)).toBe('token_used');
  });

  it('shares one use of a token with the nodes over Redis', async () => {
    const id = randomUUID();
    const [a3, a2] = [await connect(0, id), await connect(1, id)];
    for (let round = 0; round < 20; round += 1) {
      const token = await instance.mint(id, 'write');
      const codes = await Promise.all([
        open(a3.socket, `x${round}`, token),
        open(a2.socket, `y${round}`, token),
      ]);
      expect(codes.sort()).toEqual(['accepted', 'token_used']);
      await Promise.all([a3, a2].map(({ socket }) => socket.request('leave-room', {})));
    }
  });

  it('lists the rooms of all nodes, and shows its own to them', async () => {
    const [a3, a2] = [await connect(0), await connect(1)];
    await a3.socket.request('open-room', {
      room_name: 'without',
      token: await instance.mint(a3.id, 'write'),
    });
    await a2.socket.request('open-room', { room_name: 'with', token: await instance.mint(a2.id, 'write') });
    for (const { socket } of [a3, a2]) {
      const { rooms } = await socket.request('list-rooms', {});
      expect(rooms.map(({ room_name: name }) => name).sort()).toEqual(['with', 'without']);
    }
    for (const { socket } of [a3, a2]) await socket.request('leave-room', {});
    await eventually(
      async () => (await (await connect(0)).socket.request('list-rooms', {})).rooms.length === 0,
    );
  });

  it('opens nothing and is not ready when auth does not accept its secret', async () => {
    const { id, socket } = await connect(2);
    expect(await open(socket, 'b', await instance.mint(id, 'write'))).toBe('unavailable');
    expect((await fetch(`${instance.nodeUrls[2]!}/readyz`)).status).toBe(503);
  });
});
