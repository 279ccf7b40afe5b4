import { createHmac } from 'node:crypto';
import { Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ConfigError, createLogger } from '@romm-netplay/service-kit';
import { parseConfig } from '@romm-netplay/sfu/config';
import request from 'supertest';
import { startNode, type TestNode } from './support/node.js';

const GOOD = { AUTH_ISSUER: 'https://games.example.org', REDIS_URL: 'redis://redis:6379' };
const SECRET = 'the-secret-of-coturn-for-tests';
const PASSWORD = 'a-static-turn-password';
const NOW = Date.UTC(2026, 10, 22, 12);

const iceOf = (env: Record<string, string>) => parseConfig({ ...GOOD, ...env }).ice;

function faultsOf(env: Record<string, string>): readonly string[] {
  try {
    parseConfig({ ...GOOD, ...env });
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
}

describe('variables of ICE servers (X2, D28)', () => {
  it.each(['SFU_STUN_SERVERS', 'STUN_SERVERS'])('%s lists STUN servers', (name) => {
    expect(iceOf({ [name]: 'stun:a.example.org:3478, stuns:[2001:db8::1]' }).stunUrls).toEqual([
      'stun:a.example.org:3478',
      'stuns:[2001:db8::1]',
    ]);
  });

  it('takes TURN servers as JSON and as numbered variables', () => {
    const SFU_TURN_SERVERS = JSON.stringify([
      { urls: 'turn:one.example.org', username: 'u', credential: 'p' },
      {
        urls: ['turns:two.example.org:5349?transport=tcp', 'stun:two.example.org'],
        username: 'v',
        credential: 'q',
      },
    ]);
    const numbered = {
      SFU_TURN_SERVER2: 'turn:three.example.org',
      SFU_TURN_USER2: 'w',
      SFU_TURN_PASS2: 'r',
    };
    expect(iceOf({ SFU_TURN_SERVERS, ...numbered }).staticTurn).toEqual([
      { urls: ['turn:one.example.org'], username: 'u', credential: 'p' },
      {
        urls: ['turns:two.example.org:5349?transport=tcp', 'stun:two.example.org'],
        username: 'v',
        credential: 'q',
      },
      { urls: ['turn:three.example.org'], username: 'w', credential: 'r' },
    ]);
  });

  const WRONG: [name: string, value: string][] = [
    ['SFU_STUN_SERVERS', 'stun.example.org'],
    ['SFU_STUN_SERVERS', 'stun://stun.example.org'],
    ['SFU_STUN_SERVERS', 'turn:stun.example.org'],
    ['SFU_STUN_SERVERS', 'https://stun.example.org'],
    ['SFU_TURN_URLS', 'stun:turn.example.org'],
    ['SFU_TURN_URLS', 'turn:user@turn.example.org'],
    ['SFU_TURN_URLS', 'javascript:alert(1)'],
    ['SFU_TURN_SERVERS', 'turn:turn.example.org'],
    ['SFU_TURN_SERVERS', '[{"urls": "turn:turn.example.org"}]'],
    ['SFU_TURN_SERVERS', '[{"urls": "http://turn.example.org", "username": "u", "credential": "p"}]'],
    ['ANNOUNCED_IP', 'sfu.example.org'],
  ];
  it.each(WRONG)('refuses %s=%s', (name, value) => {
    const faults = faultsOf({ [name]: value, ...(name === 'SFU_TURN_URLS' && { SFU_TURN_SECRET: SECRET }) });
    expect(faults).toEqual([expect.stringMatching(new RegExp(`^${name} must .*(stun|turn|IP)`))]);
  });

  it('reports everything at once, and quotes no password', () => {
    const faults = faultsOf({
      SFU_STUN_SERVERS: 'nonsense',
      SFU_TURN_SERVERS: JSON.stringify([{ urls: 'x', username: 'u', credential: PASSWORD }]),
      SFU_TURN_PASS4: PASSWORD,
      ANNOUNCED_IP: 'nowhere',
    });
    expect(faults).toHaveLength(4);
    expect(faults.join()).toContain('look at number 1');
    expect(faults.join()).toContain('only SFU_TURN_PASS4 is set');
    expect(faults.join()).not.toContain(PASSWORD);
    const together = faultsOf({ SFU_TURN_PASS4: PASSWORD, SFU_TURN_USER1: 'u', SFU_TURN_SECRET: SECRET });
    expect(together).toEqual([
      expect.stringMatching(/SFU_TURN_SERVER1.*only SFU_TURN_USER1 is set/),
      expect.stringMatching(/SFU_TURN_SERVER4.*only SFU_TURN_PASS4 is set/),
      expect.stringMatching(/SFU_TURN_SECRET and SFU_TURN_URLS go together/),
    ]);
    expect(together.join()).not.toMatch(new RegExp(`${PASSWORD}|${SECRET}`));
  });

  it('refuses a weak TURN secret and admin key in production', () => {
    const env = {
      NODE_ENV: 'production',
      PUBLIC_URL: 'https://sfu.example.org',
      SFU_TURN_SECRET: 'changeme',
      SFU_TURN_URLS: 'turn:turn.example.org',
      ADMIN_API_KEY: 'admin',
    };
    expect(faultsOf(env)).toEqual([
      expect.stringMatching(/^ADMIN_API_KEY is a well-known default/),
      expect.stringMatching(/^SFU_TURN_SECRET is a well-known default/),
    ]);
  });
});

describe('GET /ice', () => {
  let node: TestNode;
  let written = '';
  const log = createLogger(
    'sfu',
    'trace',
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        written += chunk.toString();
        done();
      },
    }),
  );
  beforeAll(async () => {
    const ice = iceOf({
      SFU_STUN_SERVERS: 'stun:stun.example.org',
      SFU_TURN_SECRET: SECRET,
      SFU_TURN_URLS: 'turn:turn.example.org,turns:turn.example.org',
      SFU_TURN_SERVER1: 'turn:static.example.org',
      SFU_TURN_USER1: 'everybody',
      SFU_TURN_PASS1: PASSWORD,
      ANNOUNCED_IP: '203.0.113.7',
    });
    node = await startNode({ publicUrl: 'https://sfu.example.org', ice }, { now: () => NOW, log });
  });
  afterAll(() => node.close());

  it('gives each player a TURN credential of their own for 5 minutes, under their pseudonym (D28)', async () => {
    const ask = async (sub: string) =>
      request(node.sfu.url)
        .get('/ice')
        .set('authorization', `Bearer ${await node.readToken({ sub })}`);
    const { status, body, headers } = await ask('ada@example.org');
    expect(status).toBe(200);
    expect(headers['cache-control']).toBe('no-store');
    const [stun, turn, fixed] = body.iceServers as { urls: string[]; username: string; credential: string }[];
    expect(stun).toEqual({ urls: ['stun:stun.example.org'] });
    expect(turn?.urls).toEqual(['turn:turn.example.org', 'turns:turn.example.org']);
    const [expiry, playerId] = turn!.username.split(':');
    expect(Number(expiry)).toBe(NOW / 1000 + 300);
    expect(playerId).toMatch(/^[\w-]{22}$/);
    expect(turn?.username).not.toContain('ada');
    // What a coturn with this static-auth-secret computes.
    expect(turn?.credential).toBe(createHmac('sha1', SECRET).update(turn!.username).digest('base64'));
    expect(fixed).toEqual({ urls: ['turn:static.example.org'], username: 'everybody', credential: PASSWORD });
    expect(body).toMatchObject({
      nodeId: 'node-a',
      url: 'https://sfu.example.org',
      announcedIp: '203.0.113.7',
    });
    const other = await ask('bob');
    expect(String(other.body.iceServers[1].username)).not.toContain(playerId);
  });

  it('is for players only', async () => {
    const { status, body } = await request(node.sfu.url).get('/ice');
    expect({ status, code: body.code }).toEqual({ status: 401, code: 'token_missing' });
  });

  it('warns of a password that every player gets, and logs no secret', async () => {
    const { body } = await request(node.sfu.url).get('/readyz');
    expect(body.warnings).toEqual([expect.stringContaining('Set SFU_TURN_SECRET and SFU_TURN_URLS')]);
    expect(written).toContain('TURN password that does not expire');
    expect(written).not.toMatch(new RegExp(`${SECRET}|${PASSWORD}`));
    expect(JSON.stringify(body)).not.toMatch(new RegExp(`${SECRET}|${PASSWORD}`));
  });

  it('answers an empty list where nothing is configured', async () => {
    const plain = await startNode();
    const { body } = await request(plain.sfu.url)
      .get('/ice')
      .set('authorization', `Bearer ${await plain.readToken({ sub: 'ada' })}`);
    expect(body).toEqual({
      iceServers: [],
      nodeId: 'node-a',
      url: expect.stringMatching(/^http:\/\/localhost:\d+$/),
    });
    await plain.close();
  });
});

it('computes the TURN credential of a known vector (draft-uberti-behave-turn-rest-00)', async () => {
  const { turnCredential } = await import('../src/ice/turn-credential.js');
  // printf '1400000300:ada' | openssl dgst -sha1 -hmac north -binary | base64
  expect(turnCredential('north', 'ada', 1_400_000_000_000)).toEqual({
    username: '1400000300:ada',
    credential: 'UXsGobkme9/cidXoBT9hqR4nhnI=',
  });
});
