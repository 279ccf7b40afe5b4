import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import { createDisposers } from '@romm-netplay/testing';
import request from 'supertest';
import { insideFindings } from '../src/doctor/inside-findings.js';
import { startNode } from './support/node.js';

const KEY = 'an-admin-key-for-these-tests';
const HASHED = `sha256:${createHash('sha256').update(KEY).digest('hex')}`;

const disposers = createDisposers();
afterEach(() => disposers.closeAll());

async function ask(adminApiKey: string | undefined, headers: Record<string, string>, changes: object = {}) {
  // Nothing answers there, so the look from outside is short.
  const publicUrl = 'http://127.0.0.1:1';
  const node = disposers.use(await startNode({ adminApiKey, publicUrl, authIssuer: publicUrl, ...changes }));
  const { status, body } = await request(node.sfu.url).get('/doctor').set(headers);
  return { status, body: body as { code?: string; findings?: { check: string; what: string }[] } };
}

describe('admin operations of a node', () => {
  it.each([
    ['the key', KEY, `Bearer ${KEY}`, 200, undefined],
    ['the key, configured as its hash', HASHED, `Bearer ${KEY}`, 200, undefined],
    ['the hash itself', HASHED, `Bearer ${HASHED}`, 401, 'admin_key_wrong'],
    ['another key', KEY, 'Bearer another', 401, 'admin_key_wrong'],
    ['no header', KEY, undefined, 401, 'admin_key_wrong'],
    ['basic auth', KEY, `Basic ${KEY}`, 401, 'admin_key_wrong'],
    ['a key where none is set', undefined, `Bearer ${KEY}`, 503, 'admin_key_unset'],
  ])('%s', async (_what, configured, authorization, status, code) => {
    const answer = await ask(configured, authorization === undefined ? {} : { authorization });
    expect({ status: answer.status, code: answer.body.code }).toEqual({ status, code });
  });
});

describe('what only the node knows (X1)', () => {
  const FINE = {
    publicUrl: 'https://sfu.example.org',
    otherNodes: [],
    devIdentity: false,
    allowQueryToken: false,
    accept: { hs256Secret: undefined, sfuType: false, oldMarkers: false, readTokenJoins: false },
    forwardedUnseen: false,
    rommIdentity: false,
    seatsPerPlayer: 1,
    idDisputed: false,
    warnings: [],
  };
  const wrong = (changes: object) =>
    insideFindings({ ...FINE, ...changes }).map(({ check, status, fix }) => ({
      check,
      status,
      fixed: !!fix,
    }));

  it('is nothing where everything is set', () => {
    expect(wrong({})).toEqual([{ check: 'configuration', status: 'ok', fixed: false }]);
  });

  it.each([
    ['no PUBLIC_URL', { publicUrl: undefined }, 'public-url', 'warning'],
    ['no PUBLIC_URL among several nodes', { publicUrl: undefined, otherNodes: ['b'] }, 'public-url', 'fault'],
    ['an untrusted proxy', { forwardedUnseen: true }, 'trusted-proxies', 'warning'],
    ['development identity', { devIdentity: true }, 'dev-identity', 'warning'],
    ['migration flags', { accept: { ...FINE.accept, sfuType: true } }, 'migration', 'warning'],
    ['tokens in queries', { allowQueryToken: true }, 'migration', 'warning'],
    ['an id that two nodes have', { idDisputed: true }, 'node-id', 'fault'],
    ['one place for an account of RomM', { rommIdentity: true }, 'seats', 'warning'],
    ['what a part says of itself', { warnings: ['Mind the gap.'] }, 'configuration', 'warning'],
  ])('%s', (_what, changes, check, status) => {
    expect(wrong(changes)).toEqual([{ check, status, fixed: true }]);
  });

  it('sees an X-Forwarded-For that no trusted proxy sent, and none that one did', async () => {
    const headers = { authorization: `Bearer ${KEY}`, 'x-forwarded-for': '203.0.113.7' };
    const checks = async (trustedProxies: string[]) =>
      (await ask(KEY, headers, { trustedProxies })).body.findings!.map(({ check }) => check);
    expect(await checks([])).toContain('trusted-proxies');
    expect(await checks(['loopback'])).not.toContain('trusted-proxies');
  });

  it('does not tell the shared secret of older tokens', async () => {
    const secret = 'the-shared-secret-of-older-tokens';
    const accept = { ...FINE.accept, hs256Secret: secret };
    const { body } = await ask(KEY, { authorization: `Bearer ${KEY}` }, { accept });
    expect(JSON.stringify(body)).toContain('ACCEPT_HS256_TOKENS');
    expect(JSON.stringify(body)).not.toContain(secret);
  });
});
