import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connectNetplay } from '@romm-netplay/client';
import {
  createDisposers,
  eventually,
  type PostgresServer,
  type RedisServer,
  startPostgresServer,
  startRedisServer,
  startServiceProcess,
} from '@romm-netplay/testing';
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { WebSocket } from 'ws';
import { entryOf, type Instance, ISSUER, mint, startInstance } from './support/instance.js';

const ADMIN_KEY = 'an-admin-key-for-tests';
const SIGNING_ALGS = ['RS256', 'PS256', 'ES256'];
const disposers = createDisposers();
let redis: RedisServer;
let postgres: PostgresServer;
let instance: Instance;
beforeAll(async () => {
  postgres = disposers.use(await startPostgresServer());
  redis = disposers.use(await startRedisServer());
  instance = disposers.use(
    await startInstance({
      redisUrl: redis.url,
      replicas: 2,
      // One node that shares Redis, one that asks auth.
      nodes: [{ REDIS_URL: redis.url }, {}],
      auth: {
        DATABASE_URL: await postgres.createDatabase(),
        KEY_ENCRYPTION_KEY: 'ab'.repeat(32),
        KEY_PUBLISH_LEAD_SECONDS: '2',
        ADMIN_API_KEY: ADMIN_KEY,
      },
    }),
  );
});
afterAll(() => disposers.closeAll());

const admin = (replica: number, method: string, path: string, body?: object) =>
  fetch(`${instance.authUrls[replica]!}/api/admin/keys${path}`, {
    method,
    headers: { authorization: `Bearer ${ADMIN_KEY}`, 'content-type': 'application/json' },
    ...(body && { body: JSON.stringify(body) }),
  });
const kids = async (replica: number) => {
  const { keys } = (await (await fetch(`${instance.authUrls[replica]!}/.well-known/jwks.json`)).json()) as {
    keys: { kid: string }[];
  };
  return keys.map(({ kid }) => kid);
};
const list = async (node: number, token: string) => {
  const response = await fetch(`${instance.nodeUrls[node]!}/list`, {
    headers: { authorization: `Bearer ${token}` },
  });
  return response.ok ? 'accepted' : ((await response.json()) as { code: string }).code;
};
const netplayKeys = (args: string[], env: Record<string, string> = {}) => {
  const cli = fileURLToPath(new URL('../../apps/auth/dist/cli/netplay-keys.js', import.meta.url));
  const options = {
    env: { PATH: process.env['PATH'], AUTH_URL: instance.authUrl, ADMIN_API_KEY: ADMIN_KEY, ...env },
  };
  return promisify(execFile)(process.execPath, [cli, ...args], options).then(
    ({ stdout }) => ({ code: 0, output: stdout }),
    (error: unknown) => {
      const { code, stderr } = error as { code: number; stderr: string };
      return { code, output: stderr };
    },
  );
};

describe('two replicas of auth over one PostgreSQL (P2.2)', () => {
  it('make one first key between them', async () => {
    expect(await kids(0)).toHaveLength(1);
    expect(await kids(1)).toEqual(await kids(0));
  });

  it('rotate once when both are told to at the same time, and follow each other within a second', async () => {
    const before = await kids(0);
    const rotated = await Promise.all(
      [0, 1, 0, 1].map(
        async (replica) => (await admin(replica, 'POST', '/rotate')).json() as Promise<unknown>,
      ),
    );
    expect(new Set(rotated.map((next) => (next as { kid: string }).kid)).size).toBe(1);
    await eventually(async () => (await kids(0)).length === 2 && (await kids(1)).length === 2, 3_000);
    expect((await kids(1)).slice(0, 1)).toEqual(before);
  });

  it('refuse no token, whichever replica minted it and whichever node sees it, before and after the take-over', async () => {
    const id = randomUUID();
    const old = await Promise.all([0, 1].map((replica) => mint(instance.authUrls[replica]!, id, 'read')));
    const kidOf = (token: string) => decodeProtectedHeader(token).kid;
    const [first] = old.map(kidOf);
    const fresh = await eventually(async () => {
      const token = await mint(instance.authUrls[1]!, id, 'read');
      return kidOf(token) === first ? Promise.reject(new Error('still the old key')) : token;
    });
    for (const token of [...old, fresh]) {
      for (const node of [0, 1]) expect(await list(node, token)).toBe('accepted');
    }
  });

  it('withdraw a key everywhere within a second: read tokens, write tokens, on nodes with and without Redis', async () => {
    const id = randomUUID();
    const [read, write] = [
      await mint(instance.authUrls[1]!, id, 'read'),
      await mint(instance.authUrls[1]!, id, 'write'),
    ];
    const socket = disposers.use(
      await connectNetplay({ sfuUrl: instance.nodeUrls[0]!, token: read, WebSocket }),
    );
    for (const node of [0, 1]) expect(await list(node, read)).toBe('accepted');
    const { kid } = decodeProtectedHeader(read);
    const withdrawnAt = performance.now();
    expect((await admin(0, 'POST', '/withdraw', { kid })).status).toBe(200);
    await eventually(
      async () =>
        (await list(0, read)) === 'token_key_unknown' && (await list(1, read)) === 'token_key_unknown',
    );
    // 0.4 s until the other replica looks, 0.4 s until its nodes do; the rest is for a loaded machine.
    expect(performance.now() - withdrawnAt).toBeLessThan(3_000);
    await expect(socket.request('open-room', { room_name: 'x', token: write })).rejects.toMatchObject({
      code: 'token_key_unknown',
    });
    for (const replica of [0, 1]) {
      const again = await mint(instance.authUrls[replica]!, id, 'read');
      for (const node of [0, 1])
        await eventually(async () => (await list(node, again)) === 'accepted', 3_000);
    }
  });
});

describe('faults', () => {
  it('kill -9 in the middle of rotations leaves a valid ring and no lock behind', async () => {
    for (let round = 0; round < 3; round += 1) {
      const victim = await startServiceProcess({ entry: entryOf('auth'), env: instance.authEnv });
      const headers = { authorization: `Bearer ${ADMIN_KEY}` };
      const url = `${victim.urls['auth']!}/api/admin/keys/rotate`;
      const rotating = Array.from({ length: 4 }, () =>
        fetch(url, { method: 'POST', headers }).catch(() => undefined),
      );
      await victim.stop('SIGKILL');
      await Promise.all(rotating);
      expect((await admin(0, 'POST', '/rotate')).status).toBe(200);
      const token = await mint(instance.authUrls[1]!, randomUUID(), 'read');
      for (const node of [0, 1])
        await eventually(async () => (await list(node, token)) === 'accepted', 3_000);
      const { keys } = (await (await admin(1, 'GET', '')).json()) as { keys: { phase: string }[] };
      expect(keys.filter(({ phase }) => phase === 'current')).toHaveLength(1);
    }
  });

  it('without PostgreSQL tokens are minted and verified on; changing keys waits, and works again by itself', async () => {
    await postgres.kill();
    const token = await mint(instance.authUrl, randomUUID(), 'read');
    expect(await list(0, token)).toBe('accepted');
    const refused = await admin(0, 'POST', '/rotate');
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({ code: 'database_unavailable' });
    expect((await fetch(`${instance.authUrl}/readyz`)).status).toBe(503);
    await postgres.restart();
    await eventually(async () => (await admin(0, 'POST', '/rotate')).status === 200);
    expect((await fetch(`${instance.authUrl}/readyz`)).status).toBe(200);
  });
});

describe('netplay-keys', () => {
  it('lists, rotates, withdraws and re-encrypts', async () => {
    const rotated = await netplayKeys(['rotate']);
    const kid = /Published (\S+);/.exec(rotated.output)?.[1] ?? '';
    const listed = await netplayKeys(['list', '--url', `${instance.authUrls[1]!}/`]);
    expect(listed.output).toMatch(/^withdrawn +RS256 /m);
    expect(listed.output).toContain(kid);
    expect(await netplayKeys(['withdraw', kid])).toMatchObject({ code: 0 });
    expect(await netplayKeys(['re-encrypt'])).toEqual({ code: 0, output: 'Re-encrypted 0 key(s).\n' });
  });

  it.each(['--help', '-h'])('shows what it takes with %s, needing nothing', async (help) => {
    const { code, output } = await netplayKeys([help], { ADMIN_API_KEY: '' });
    expect({ code, output }).toEqual({
      code: 0,
      output: expect.stringContaining('netplay-keys withdraw <kid>'),
    });
  });

  it.each([
    ['no command', [], {}, 64, /netplay-keys list/],
    ['an unknown command', ['explode'], {}, 64, /netplay-keys list/],
    ['a missing kid', ['withdraw'], {}, 64, /withdraw <kid>/],
    ['an unknown option', ['list', '--force'], {}, 64, /--force/],
    ['no admin key', ['list'], { ADMIN_API_KEY: '' }, 64, /Set ADMIN_API_KEY/],
    ['a wrong admin key', ['list'], { ADMIN_API_KEY: 'wrong' }, 1, /ADMIN_API_KEY/],
    ['an unknown kid', ['withdraw', 'nope'], {}, 1, /no key with this kid/],
    ['nobody at the URL', ['list', '--url', 'http://127.0.0.1:1'], {}, 69, /Is auth running there/],
  ] as const)('explains %s', async (_what, args, env, code, output) => {
    const answer = await netplayKeys([...args], env);
    expect(answer.code).toBe(code);
    expect(answer.output).toMatch(output);
    expect(answer.output).not.toContain(ADMIN_KEY);
  });
});

describe('other verifiers, from the published set alone', () => {
  it.each(SIGNING_ALGS)('jose and PyJWT accept %s tokens of ours, and refuse altered ones', async (alg) => {
    const own = disposers.use(
      await startInstance({
        redisUrl: redis.url,
        nodes: [],
        auth: { SIGNING_ALG: alg, DATABASE_URL: await postgres.createDatabase() },
      }),
    );
    const token = await own.mint(randomUUID(), 'read');
    const jwksUrl = `${own.authUrl}/.well-known/jwks.json`;
    const altered = `${token.slice(0, -4)}${token.endsWith('AAAA') ? 'BBBB' : 'AAAA'}`;
    const expected = { issuer: ISSUER, audience: ISSUER, algorithms: [alg] };
    const keys = createRemoteJWKSet(new URL(jwksUrl));
    await expect(jwtVerify(token, keys, expected)).resolves.toBeDefined();
    await expect(jwtVerify(altered, keys, expected)).rejects.toThrow();

    const script = [
      'import sys, jwt',
      'key = jwt.PyJWKClient(sys.argv[1]).get_signing_key_from_jwt(sys.argv[2])',
      'claims = jwt.decode(sys.argv[2], key.key, algorithms=[sys.argv[3]], issuer=sys.argv[4], audience=sys.argv[4])',
      'print(claims["type"])',
    ].join('\n');
    const pyjwt = (candidate: string) =>
      promisify(execFile)('/usr/bin/python3', ['-c', script, jwksUrl, candidate, alg, ISSUER]);
    expect((await pyjwt(token)).stdout.trim()).toBe('sfu:read');
    await expect(pyjwt(altered)).rejects.toThrow(/InvalidSignatureError/);
  });
});
