import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { openApi } from '@romm-netplay/auth/compose';
import { createLogger } from '@romm-netplay/service-kit';
import { AUTH_API } from '@romm-netplay/protocol/auth-api';
import request from 'supertest';
import { ADMIN_KEY, ALICE, SECRET, startAuth, type TestAuth } from './support/auth.js';

let auth: TestAuth;
beforeAll(async () => {
  auth = await startAuth({ allowedOrigins: ['https://romm.example.org'] });
});
afterAll(() => auth.close());

describe('health', () => {
  it('is alive and ready, and says loudly that development identity is on (S3, P4.8)', async () => {
    expect((await request(auth.url).get('/healthz')).body).toEqual({ status: 'ok' });
    const { status, body } = await request(auth.url).get('/readyz');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      status: 'ready',
      components: { state: { state: 'up' } },
      warnings: [expect.stringContaining('Development identity is on')],
    });
  });
});

describe('OpenAPI', () => {
  it('is served as it is generated from the schemas', async () => {
    const { body } = await request(auth.url).get('/openapi.json');
    expect(body).toEqual(JSON.parse(JSON.stringify(openApi)));
  });

  it('matches docs/openapi/auth.json; on purpose changed: node scripts/write-openapi.mjs', async () => {
    const file = new URL('../../../docs/openapi/auth.json', import.meta.url);
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(JSON.parse(JSON.stringify(openApi)));
  });

  it.each(Object.entries(AUTH_API))('%s is answered by its handler', async (_name, { method, path }) => {
    const call = request(auth.url)[method](path);
    const { status, body } = await call.set({
      'x-romm-sfu-secret': SECRET,
      authorization: `Bearer ${ADMIN_KEY}`,
    });
    expect(status).toBeLessThan(500);
    if (status === 404) expect((body as { code: string }).code).not.toBe('not_found');
  });
});

describe('HTTP manners', () => {
  it('answers unknown paths and broken URLs with a problem, and tells nothing of its software', async () => {
    for (const path of ['/nope', '/%E0%A4%A', '/api/sfu/token']) {
      const { status, type, headers } = await request(auth.url).get(path);
      expect({ path, status, type }).toEqual({ path, status: 404, type: 'application/problem+json' });
      expect(headers).not.toHaveProperty('x-powered-by');
    }
  });

  it('admits exactly the listed origins, never a wildcard (D8)', async () => {
    const preflight = (origin: string) =>
      request(auth.url).options('/api/sfu/token').set({
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization',
      });
    const allowed = await preflight('https://romm.example.org');
    expect(allowed.headers['access-control-allow-origin']).toBe('https://romm.example.org');
    expect(allowed.headers['access-control-allow-credentials']).toBe('true');
    for (const origin of ['https://evil.example', 'https://romm.example.org.evil.example', 'null']) {
      expect((await preflight(origin)).headers).not.toHaveProperty('access-control-allow-origin');
    }
  });
});

describe('log', () => {
  it('never holds a token or a secret, wherever in a logged object it stands', async () => {
    const code = `
      const { createLogger } = await import('@romm-netplay/service-kit');
      const log = createLogger('t', 'info');
      const bad = { token: 'SECRET', authorization: 'SECRET', cookie: 'SECRET', 'x-romm-sfu-secret': 'SECRET' };
      log.info(bad, 'a'); log.info({ body: bad }, 'b'); log.info({ req: { headers: bad } }, 'c');
    `;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', code], {
      cwd: new URL('..', import.meta.url),
    });
    expect(stdout.trim().split('\n')).toHaveLength(3);
    expect(stdout).not.toContain('SECRET');
    expect(createLogger('t', 'silent').level).toBe('silent');
  });

  it('does not hold what a caller sent, even when something fails unforeseen', async () => {
    const lines: string[] = [];
    const log = createLogger('t', 'trace', { write: (line) => void lines.push(line) });
    const failing = await startAuth({}, { log, now: () => NaN });
    const { status, body } = await request(failing.url)
      .post('/api/sfu/token')
      .set('authorization', `Bearer ${ALICE}`)
      .send({});
    expect(status).toBe(500);
    expect(body).toMatchObject({ code: 'internal', request_id: expect.any(String) });
    expect(lines.join()).toContain((body as { request_id: string }).request_id);
    expect(lines.join()).not.toContain(ALICE);
    await failing.close();
  });
});
