/** An issuer below a path of somebody else's host, as beside RomM: N3. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import { createMemoryState } from '@romm-netplay/shared-state';
import request from 'supertest';
import { startAuth, type TestAuth } from './support/auth.js';

const ISSUER = 'https://romm.example.org/netplay';
const ORIGIN = 'https://romm.example.org';
let auth: TestAuth;
beforeAll(async () => {
  auth = await startAuth({ issuer: ISSUER, identityProviders: ['dev', 'local'] });
});
afterAll(() => auth.close());

const ME = '0b1c2d3e-0000-4000-8000-000000000001';
const get = (path: string) => request(auth.url).get(path);

const isRelative = (link: string) => !/^(?:https?:|data:|\/)/.test(link);

describe.each(['', '/netplay'])('asked below %p', (base) => {
  it('publishes its keys, and says where they are', async () => {
    expect((await get(`${base}/.well-known/jwks.json`)).body.keys).toHaveLength(1);
    const { body } = await get(`${base}/.well-known/netplay-configuration`);
    expect(body).toMatchObject({
      issuer: ISSUER,
      jwks_uri: `${ISSUER}/.well-known/jwks.json`,
      token_endpoint: `${ISSUER}/api/sfu/token`,
    });
  });

  it('mints for itself', async () => {
    const { body } = await request(auth.url)
      .post(`${base}/api/sfu/token`)
      .set('authorization', `Bearer ${ME}`)
      .send({});
    expect(decodeJwt(body.token as string)).toMatchObject({ iss: ISSUER, aud: ISSUER });
  });

  it('keeps its cookie to its own paths, and counts it for pages of its own origin', async () => {
    const sent = request(auth.url).post(`${base}/api/auth/login`).set('authorization', `Bearer ${ME}`);
    const { headers } = await sent.send({});
    const [cookie] = headers['set-cookie'] as unknown as string[];
    expect(cookie).toContain('Path=/netplay/api/auth;');
    const refresh = (origin: string) =>
      request(auth.url)
        .post(`${base}/api/auth/refresh`)
        .set({ cookie: cookie!.split(';')[0]!, origin, host: 'romm.example.org' })
        .send({});
    expect((await refresh(ORIGIN)).status).toBe(200);
    expect((await refresh('https://evil.example')).status).toBe(403);
  });

  it('leads to the page for players from its path without a slash, and stays below the prefix', async () => {
    for (const path of ['/play', '/play?a=b', '/play/index.html']) {
      const { status, headers } = await get(`${base}${path}`).redirects(0);
      expect(status).toBe(302);
      expect(new URL(headers['location']!, `http://x${base}${path}`).href).toBe(`http://x${base}/play/`);
    }
  });

  it('does not serve set-up one level deeper, where its script would not be found', async () => {
    expect((await get(`${base}/setup/`)).status).toBe(404);
  });

  it('serves set-up, the page for players and a word to whoever comes by, all relative to where they are', async () => {
    for (const path of ['/', '/setup', '/play/']) {
      const { status, type, text } = await get(`${base}${path}`);
      expect({ path, status, type }).toEqual({ path, status: 200, type: 'text/html' });
      const links = [...text.matchAll(/(?:href|src)="([^"]+)"/g)].map(([, link]) => link!);
      // RomM has the root of the host.
      const [absolute, relative] = [links.filter((link) => link.startsWith('/')), links.filter(isRelative)];
      expect({ path, absolute }).toEqual({ path, absolute: path === '/' ? ['/'] : [] });
      expect(relative).not.toEqual([]);
      for (const link of relative) {
        const target = new URL(link, `http://x${base}${path}`).pathname;
        const answer = await get(target).redirects(0);
        expect({ target, ok: answer.status === 200 || answer.status === 503 }).toEqual({ target, ok: true });
      }
    }
  });
});

describe('the page for players', () => {
  it('lets scripts come from here alone, and tells of no node while none is up', async () => {
    const { headers } = await get('/play/');
    const policy = String(headers['content-security-policy']);
    expect(policy).toContain("script-src 'self'");
    expect(policy).toMatch(/connect-src 'self' wss:(?:;|$)/);
    expect((await get('/play/config.json')).body).toEqual({
      sfuUrl: null,
      identityProviders: ['dev', 'local'],
      rommUrl: '/',
    });
  });

  it('may ask the nodes there are, and knows which', async () => {
    const state = createMemoryState();
    const load = { rooms: 0, sockets: 0, maxRooms: 10, draining: false, adopts: true };
    const node = { ...load, nodeId: 'one', startedAtMs: 1, updatedAtMs: 1 };
    await state.nodes.upsert({ ...node, url: 'http://sfu.example.org:3001/below' });
    await state.nodes.upsert({ ...node, nodeId: 'two', url: 'https://other.example.org' });
    await state.nodes.upsert({ ...node, nodeId: 'three', url: 'https://a"b.example.org' });
    const other = await startAuth({ issuer: ISSUER }, { state });
    const { headers, text } = await request(other.url).get('/play/');
    await other.close();
    const origins = 'http://sfu.example.org:3001 https://other.example.org';
    expect(headers['content-security-policy']).toContain(`connect-src 'self' ${origins} ws: wss:`);
    expect(text).toContain(`<meta name="nodes" content="${origins}"`);
  });

  it('takes nothing of a request into its policy', async () => {
    const { status, headers, text } = await get('/play/').set('host', 'a;script-src *');
    expect(status).toBeLessThan(500);
    expect(String(headers['content-security-policy'])).not.toContain('script-src *');
    expect(text).not.toContain('node_modules');
  });
});
