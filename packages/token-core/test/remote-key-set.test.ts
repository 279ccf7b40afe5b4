import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { eventually } from '@romm-netplay/testing';
import { createRemoteKeySet, generateSigningKey, type SigningKey } from '@romm-netplay/token-core';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** A real HTTP server that publishes whatever the test says at the moment. */
async function publish(first: RequestListener) {
  let current = first;
  let fetches = 0;
  const server = createServer((request, response) => {
    fetches += 1;
    current(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/jwks.json`,
    fetches: () => fetches,
    answer: (listener: RequestListener) => {
      current = listener;
    },
  };
}

const keysOf =
  (...keys: SigningKey[]): RequestListener =>
  (_request, response) =>
    response
      .setHeader('content-type', 'application/json')
      .end(JSON.stringify({ keys: keys.map((key) => key.publicJwk) }));
const status =
  (code: number, headers: Record<string, string> = {}): RequestListener =>
  (_request, response) =>
    response.writeHead(code, headers).end();

describe('remote key set (P2.3)', () => {
  it('fetches once for many concurrent look-ups and then answers at once', async () => {
    const key = await generateSigningKey('ES256');
    const issuer = await publish(keysOf(key));
    const keys = createRemoteKeySet({ jwksUrl: issuer.url });
    const found = await Promise.all(Array.from({ length: 50 }, async () => keys.find(key.kid)));
    expect(found.every((entry) => entry?.kid === key.kid)).toBe(true);
    expect(keys.find(key.kid)).not.toBeInstanceOf(Promise);
    expect(issuer.fetches()).toBe(1);
  });

  it('fetches at once for a new kid, and at most once per cool-down for a flood of forged ones', async () => {
    const [first, second] = [await generateSigningKey('ES256'), await generateSigningKey('ES256')];
    const issuer = await publish(keysOf(first));
    let nowMs = 1_000_000;
    const keys = createRemoteKeySet({ jwksUrl: issuer.url, cooldownMs: 30_000, now: () => nowMs });
    await keys.find(first.kid);
    for (let i = 0; i < 1_000; i += 1) expect(await keys.find(`forged-${i}`)).toBeUndefined();
    expect(issuer.fetches()).toBe(1);
    nowMs += 30_000;
    issuer.answer(keysOf(first, second));
    expect(await keys.find(second.kid)).toMatchObject({ kid: second.kid });
    for (let i = 0; i < 1_000; i += 1) expect(await keys.find(`forged-${i}`)).toBeUndefined();
    expect(issuer.fetches()).toBe(2);
  });

  it('asks before it uses a set past its time, where told to, and uses it stale only when nobody answers', async () => {
    const [kept, withdrawn] = [await generateSigningKey('ES256'), await generateSigningKey('ES256')];
    const issuer = await publish(keysOf(kept, withdrawn));
    let nowMs = 1_000_000;
    const [waitWhenStale, defaultMaxAgeMs] = [true, 60_000];
    const keys = createRemoteKeySet({
      jwksUrl: issuer.url,
      now: () => nowMs,
      waitWhenStale,
      defaultMaxAgeMs,
    });
    expect((await keys.find(withdrawn.kid))?.kid).toBe(withdrawn.kid);
    issuer.answer(keysOf(kept));
    nowMs += 600_000;
    expect(await keys.find(withdrawn.kid)).toBeUndefined();
    expect((await keys.find(kept.kid))?.kid).toBe(kept.kid);
    expect(issuer.fetches()).toBe(2);
    issuer.answer(status(503));
    nowMs += 600_000;
    expect((await keys.find(kept.kid))?.kid).toBe(kept.kid);
    // For the time of the cool-down nobody waits for an issuer that is down.
    expect(keys.find(kept.kid)).not.toBeInstanceOf(Promise);
    expect(issuer.fetches()).toBe(3);
  });

  it('renews an old set behind the request and serves it stale while the issuer is down', async () => {
    const key = await generateSigningKey('ES256');
    const issuer = await publish(keysOf(key));
    let nowMs = 1_000_000;
    const errors: unknown[] = [];
    const keys = createRemoteKeySet({
      jwksUrl: issuer.url,
      defaultMaxAgeMs: 60_000,
      maxStaleMs: 3_600_000,
      cooldownMs: 10_000,
      now: () => nowMs,
      onError: (error) => errors.push(error),
    });
    await keys.find(key.kid);
    issuer.answer(status(500));
    nowMs += 60_001;
    expect(keys.find(key.kid)).toMatchObject({ kid: key.kid });
    await keys.find('anything');
    expect(errors).toHaveLength(1);
    nowMs += 3_600_000 - 1;
    expect(keys.find(key.kid)).toMatchObject({ kid: key.kid });
    await keys.find('anything');
    nowMs += 60_000;
    await expect(keys.find(key.kid)).rejects.toMatchObject({ code: 'keys_unavailable' });
    expect(errors).toHaveLength(1);
  });

  it('fetches less often the longer a flood of forged kids lasts, and still renews in time', async () => {
    const [first, second] = [await generateSigningKey('ES256'), await generateSigningKey('ES256')];
    const issuer = await publish(keysOf(first));
    let nowMs = 1_000_000;
    const keys = createRemoteKeySet({
      jwksUrl: issuer.url,
      cooldownMs: 1_000,
      defaultMaxAgeMs: 100_000,
      now: () => nowMs,
    });
    await keys.find(first.kid);
    for (let second_ = 1; second_ <= 60; second_ += 1) {
      nowMs += 1_000;
      await keys.find(`forged-${second_}`);
    }
    // After 1, 1, 2, 4, 8, 16, 16 s, not 60 times.
    expect(issuer.fetches()).toBeLessThanOrEqual(8);
    const before = issuer.fetches();
    issuer.answer(keysOf(first, second));
    nowMs += 81_000;
    await keys.find(first.kid);
    await eventually(() => issuer.fetches() === before + 1);
    await eventually(() => keys.find(second.kid) !== undefined);
  });

  it('obeys max-age, asks conditionally, and says when the set has changed', async () => {
    const [first, second] = [await generateSigningKey('ES256'), await generateSigningKey('ES256')];
    let conditional = 0;
    let current = [first];
    const issuer = await publish((request, response) => {
      const etag = `"${current.map(({ kid }) => kid).join()}"`;
      response.setHeader('etag', etag).setHeader('cache-control', 'public, max-age=10');
      if (request.headers['if-none-match'] === etag) {
        conditional += 1;
        response.writeHead(304).end();
      } else keysOf(...current)(request, response);
    });
    let nowMs = 1_000_000;
    let changes = 0;
    const keys = createRemoteKeySet({
      jwksUrl: issuer.url,
      now: () => nowMs,
      onChange: () => (changes += 1),
    });
    await keys.find(first.kid);
    nowMs += 7_000;
    await keys.find(first.kid);
    expect(issuer.fetches()).toBe(1);
    nowMs += 2_000;
    await keys.find(first.kid);
    await eventually(() => conditional === 1);
    expect(changes).toBe(0);
    current = [second];
    // The last answer may still be on its way, and would count as of then.
    await eventually(async () => {
      nowMs += 9_000;
      await keys.find(first.kid);
      return changes === 1;
    });
    expect(keys.find(second.kid)).toMatchObject({ kid: second.kid });
  });

  it('notices a withdrawn key by itself when it polls', async () => {
    const [first, second] = [await generateSigningKey('ES256'), await generateSigningKey('ES256')];
    const issuer = await publish(keysOf(first, second));
    const keys = createRemoteKeySet({ jwksUrl: issuer.url, pollMs: 20 });
    closers.push(() => keys.close());
    await keys.ready();
    issuer.answer(keysOf(second));
    await eventually(async () => (await keys.find(first.kid)) === undefined);
  });

  it('says keys_unavailable when there never was a set, and recovers', async () => {
    const key = await generateSigningKey('ES256');
    const issuer = await publish(status(503));
    let nowMs = 1_000_000;
    const keys = createRemoteKeySet({ jwksUrl: issuer.url, now: () => nowMs });
    await expect(keys.find(key.kid)).rejects.toMatchObject({ code: 'keys_unavailable' });
    await expect(keys.ready()).rejects.toMatchObject({ code: 'keys_unavailable' });
    issuer.answer(keysOf(key));
    nowMs += 1_000;
    await expect(keys.ready()).resolves.toBeUndefined();
    expect(keys.find(key.kid)).toMatchObject({ kid: key.kid });
  });

  const liars: [string, (key: SigningKey) => RequestListener][] = [
    ['redirects', () => status(302, { location: 'http://127.0.0.1:1/' })],
    ['HTML', () => (_request, response) => response.end('<!doctype html>')],
    ['no list', () => (_request, response) => response.end('{"keys":{}}')],
    ['one kid twice', (key) => keysOf(key, key)],
    [
      'a body without end',
      () => (_request, response) => {
        const pour = () => {
          while (!response.destroyed && response.write('x'.repeat(16_384)));
        };
        response.on('drain', pour);
        pour();
      },
    ],
    [
      'more keys than anyone has',
      (key) => (_request, response) => response.end(JSON.stringify({ keys: Array(101).fill(key.publicJwk) })),
    ],
    ['silence', () => () => undefined],
  ];

  it.each(liars)('refuses an issuer that answers with %s', async (_what, makeListener) => {
    const key = await generateSigningKey('ES256');
    const issuer = await publish(makeListener(key));
    const keys = createRemoteKeySet({ jwksUrl: issuer.url, timeoutMs: 300 });
    await expect(keys.find(key.kid)).rejects.toMatchObject({ code: 'keys_unavailable' });
  });

  it('is asked again soon, though the wall clock was hours ahead when it failed', async () => {
    const key = await generateSigningKey('ES256');
    let answers = false;
    const issuer = await publish((_request, response) => {
      response.statusCode = answers ? 200 : 503;
      response.end(JSON.stringify({ keys: [key.publicJwk] }));
    });
    const aheadMs = 5 * 3_600_000;
    const clock = jest
      .spyOn(Date, 'now')
      .mockImplementation(() => performance.timeOrigin + performance.now() + aheadMs);
    const keys = createRemoteKeySet({ jwksUrl: issuer.url });
    await expect(keys.find(key.kid)).rejects.toMatchObject({ code: 'keys_unavailable' });
    clock.mockRestore();
    answers = true;
    const found = await eventually(async () => {
      try {
        return (await keys.find(key.kid)) ?? false;
      } catch {
        return false;
      }
    });
    expect(found).toMatchObject({ kid: key.kid });
  });

  it('skips keys it cannot use and keeps the others', async () => {
    const key = await generateSigningKey('ES256');
    const issuer = await publish((_request, response) => {
      const liar = { ...key.publicJwk, kid: 'liar', alg: 'RS256' };
      const foreign = { kty: 'OKP', crv: 'Ed25519', kid: 'ed', alg: 'EdDSA', x: 'AAAA' };
      response.end(
        JSON.stringify({
          keys: [null, 7, foreign, liar, { ...key.publicJwk, d: 'leaked', kid: 'private' }, key.publicJwk],
        }),
      );
    });
    const keys = createRemoteKeySet({ jwksUrl: issuer.url });
    expect(await keys.find(key.kid)).toMatchObject({ kid: key.kid });
    expect(await keys.find('ed')).toBeUndefined();
    expect(await keys.find('private')).toBeUndefined();
    expect(await keys.find('liar')).toBeUndefined();
  });
});
