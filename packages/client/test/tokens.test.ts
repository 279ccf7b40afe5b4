/** P1.10: tokens on demand, shared, renewed after a refusal, and never on a timer. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createClock, failure, startClient, type TestClock } from './support/client.js';
import { html, problem, startServer, type TestServer } from './support/instance.js';

let server: TestServer;
let clock: TestClock;
beforeEach(async () => {
  server = await startServer();
  clock = createClock();
});
afterEach(async () => {
  expect(server.faults).toEqual([]);
  await server.close();
});

const minted = () => server.count('/api/sfu/token');

describe('a read token', () => {
  it('is asked for when it is needed, and kept until 60 s before its expiry', async () => {
    const netplay = startClient(server, clock);
    expect(minted()).toBe(0);
    expect(await netplay.token('read')).toBe('read-1');
    clock.advance(839_000);
    expect(await netplay.token('read')).toBe('read-1');
    clock.advance(1_000);
    expect(await netplay.token('read')).toBe('read-2');
  });

  it('is never renewed on a timer', async () => {
    const netplay = startClient(server, clock);
    await netplay.token('read');
    clock.advance(24 * 3_600_000);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(minted()).toBe(1);
    expect(clock.pauses).toEqual([]);
  });

  it('is asked for once by a hundred callers at the same time', async () => {
    const netplay = startClient(server, clock);
    const tokens = await Promise.all(Array.from({ length: 100 }, () => netplay.token('read')));
    expect(new Set(tokens)).toEqual(new Set(['read-1']));
    expect(minted()).toBe(1);
  });

  it('shares failures as well, and asks again for the next caller', async () => {
    const netplay = startClient(server, clock);
    server.on('/api/sfu/token', () => problem(503, 'unavailable'));
    const failures = await Promise.all(Array.from({ length: 100 }, () => failure(netplay.token('read'))));
    expect(failures.every(({ code, retryable }) => code === 'unavailable' && retryable)).toBe(true);
    expect(minted()).toBe(4);
    server.on('/api/sfu/token', () => ({ body: { token: 'later', token_type: 'bearer', expires: 900 } }));
    expect(await netplay.token('read')).toBe('later');
  });
});

describe('a write token', () => {
  it('is minted per operation and never kept', async () => {
    const netplay = startClient(server, clock);
    const tokens = await Promise.all([
      netplay.token('write'),
      netplay.token('write'),
      netplay.token('write'),
    ]);
    expect(new Set(tokens).size).toBe(3);
    const room = await netplay.openRoom({ name: 'a' });
    await room.leave();
    await netplay.joinRoom({ name: 'b' });
    const used = server.sockets.flatMap(({ type, data }) => (type.endsWith('-room') ? [data['token']] : []));
    const given = used.filter((token) => token !== undefined);
    expect(new Set(given).size).toBe(2);
    expect(given.every((token) => (token as string).startsWith('write-'))).toBe(true);
    await netplay.close();
  });
});

describe('a node that refuses', () => {
  it.each([
    [401, 'token_expired'],
    [403, 'forbidden'],
    [503, 'keys_unavailable'],
  ])('with %i gets another token, once, after a jittered pause', async (status, code) => {
    const netplay = startClient(server, clock, { random: () => 0 });
    server.on('/list', (_call, nth) => (nth === 1 ? problem(status, code) : { body: {} }));
    expect(await netplay.rooms()).toEqual([]);
    expect(server.calls.filter(({ path }) => path === '/list').map((call) => call.authorization)).toEqual([
      'Bearer read-1',
      'Bearer read-2',
    ]);
    expect(clock.pauses).toEqual([250]);
  });

  it('for good is not asked for ever: two requests for a refused token, four while it cannot tell', async () => {
    const netplay = startClient(server, clock);
    server.on('/list', () => problem(401, 'token_issuer_untrusted'));
    expect(await failure(netplay.rooms())).toMatchObject({
      name: 'NetplayError',
      code: 'token_issuer_untrusted',
      status: 401,
      retryable: false,
    });
    expect([server.count('/list'), minted()]).toEqual([2, 2]);
    server.on('/list', () => problem(503, 'keys_unavailable'));
    expect(await failure(netplay.rooms())).toMatchObject({ code: 'keys_unavailable', retryable: true });
    expect(server.count('/list')).toBe(6);
    expect(clock.pauses.slice(1)).toEqual([375, 750, 1_500]);
  });

  it('says how long to wait: short times are kept, long ones are left to the caller', async () => {
    const netplay = startClient(server, clock);
    server.on('/list', (_call, nth) =>
      nth === 1
        ? problem(503, 'unavailable', { 'retry-after': '3' })
        : problem(429, 'slow', { 'retry-after': '60' }),
    );
    expect(await failure(netplay.rooms())).toMatchObject({ code: 'slow', status: 429, retryAfterMs: 60_000 });
    expect([server.count('/list'), clock.pauses]).toEqual([2, [3_000]]);
  });
});

describe('auth that does not answer as it should', () => {
  it('is tried four times while unreachable, with growing, jittered pauses', async () => {
    const { url } = server;
    const netplay = startClient(server, clock, { random: () => 1 });
    await server.close();
    const error = await failure(netplay.token('read'));
    expect(error).toMatchObject({ code: 'unreachable', retryable: true });
    expect(error.message).toContain(url);
    expect(clock.pauses).toEqual([500, 1_000, 2_000]);
    server = await startServer();
  });

  it.each([
    [
      'the page of a web server',
      html(200),
      'bad_response',
      /answered HTML, not JSON; check the URL and the proxy/,
    ],
    ['the 404 page of a proxy', html(404), 'bad_response', /answered HTML, not JSON/],
    [
      'a redirect to a login page',
      { status: 302, headers: { location: '/login' } },
      'bad_response',
      /a redirect/,
    ],
    ['something that is no JSON', { body: 'ok' }, 'bad_response', /did not answer JSON/],
    ['JSON without a token', { body: { hello: 'world' } }, 'bad_response', /check the URL/],
    ['an array', { body: [] }, 'bad_response', /check the URL/],
    ['null', { body: 'null' }, 'bad_response', /did not answer JSON/],
    ['the 502 page of a proxy', html(502), 'unavailable', /the server behind it is not/],
    ['far too much', { body: `"${'x'.repeat(5_000_000)}"` }, 'bad_response', /more than 4 MB/],
  ])('is explained: %s', async (_name, answer, code, message) => {
    const netplay = startClient(server, clock);
    server.on('/api/sfu/token', () => answer);
    const error = await failure(netplay.token('read'));
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(error.message).toContain(`${server.url}/api/sfu/token`);
  });

  it('never brings the credential into an error, not even one that no header can carry', async () => {
    for (const identity of ['Bearer sec\nret', 'Bearer secret']) {
      const netplay = startClient(server, clock, { identity: () => identity });
      server.on('/api/sfu/token', () => problem(401, 'unauthorized'));
      const error = await failure(netplay.token('read'));
      expect(`${String(error)}${JSON.stringify(error)}${String(error.cause)}`).not.toMatch(/sec\s?ret/);
    }
  });
});

describe('who the player is', () => {
  it('is shown to auth by a header that is asked for anew after a refusal', async () => {
    const ids = ['Bearer old', 'Bearer new'];
    const netplay = startClient(server, clock, { identity: () => Promise.resolve(ids.shift() ?? '') });
    server.on('/api/sfu/token', ({ authorization }) =>
      authorization === 'Bearer new'
        ? { body: { token: 'good', token_type: 'bearer', expires: 900 } }
        : problem(401, 'token_expired'),
    );
    expect(await netplay.token('read')).toBe('good');
    expect(minted()).toBe(2);
  });

  it('is not tried twice with the same header', async () => {
    const netplay = startClient(server, clock);
    server.on('/api/sfu/token', () => problem(401, 'token_expired'));
    expect(await failure(netplay.token('read'))).toMatchObject({ code: 'token_expired', status: 401 });
    expect(minted()).toBe(1);
  });

  it('is nobody when auth answers 403, as RomM does without a code', async () => {
    const netplay = startClient(server, clock, { identity: 'cookie' });
    server.on('/api/sfu/token', () => ({ status: 403, body: { detail: 'Forbidden' } }));
    expect(await failure(netplay.token('read'))).toMatchObject({ code: 'not_signed_in', status: 403 });
    expect(await netplay.restore()).toBeUndefined();
    expect(minted()).toBe(2);
  });

  it("is read from the token where the page's cookie speaks for them", async () => {
    const netplay = startClient(server, clock, { identity: 'cookie' });
    const payload = Buffer.from(JSON.stringify({ sub: 'u7', netplay_username: 'Zoë' })).toString('base64url');
    server.on('/api/sfu/token', () => ({
      body: { token: `h.${payload}.s`, token_type: 'bearer', expires: 900 },
    }));
    expect(await netplay.restore()).toEqual({ sub: 'u7', netplay_username: 'Zoë' });
    expect(server.calls[0]?.authorization).toBeUndefined();
    expect(() => netplay.signIn()).toThrow(TypeError);
  });

  it('is never put in a URL', async () => {
    const netplay = startClient(server, clock);
    await netplay.rooms({ gameId: 7 });
    expect(server.calls.map(({ query }) => query)).toEqual([{}, { game_id: '7' }]);
  });
});

describe('the URLs of the client', () => {
  it.each(['ftp://a.example', 'nonsense', 'https://user:pass@a.example', ''])('cannot be %j', (url) => {
    expect(() => startClient(server, clock, { authUrl: url })).toThrow(/authUrl must be an http/);
    expect(() => startClient(server, clock, { sfuUrl: url })).toThrow(/^((?!pass@).)*$/);
  });
});
