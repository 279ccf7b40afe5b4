/** What stands in the log: once, in words, findable by time and request (P4.8). */
import { beforeEach, describe, expect, it } from '@jest/globals';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import {
  componentLines,
  createLapses,
  createLapsesByKey,
  createLogger,
  serveOperation,
} from '../src/index.js';

let written: string[];
const log = createLogger('test', 'info', { write: (line) => void written.push(line) });
const lines = () => written.map((line) => JSON.parse(line) as Record<string, unknown>);
beforeEach(() => {
  written = [];
});

it('a line has a time that people read, in UTC', () => {
  log.info('here');
  expect(lines()[0]?.['time']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
});

it('every line of a request has its id, also after a wait, and no other line has', async () => {
  const operation = {
    method: 'get' as const,
    path: '/',
    access: 'public' as const,
    summary: 'x',
    reply: z.object({ ok: z.boolean() }),
  };
  let ids = 0;
  const listener = serveOperation(
    operation as never,
    (async ({ requestId }: { requestId: string }) => {
      log.info({ told: requestId }, 'before');
      await new Promise((resolve) => setTimeout(resolve, 20));
      log.child({}).info({ told: requestId }, 'after');
      return { body: { ok: true } };
    }) as never,
    {
      authorize: () => undefined,
      addressOf: () => '',
      translate: () => undefined,
      onUnexpected: (error) => {
        throw error;
      },
      newRequestId: () => `id-${(ids += 1)}`,
    },
  );
  const server = createServer((request, response) => void listener(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const answers = await Promise.all([1, 2, 3].map(() => fetch(`http://127.0.0.1:${port}/`)));
  log.info('outside');
  server.close();
  server.closeAllConnections();
  const told = lines().filter(({ msg }) => msg !== 'outside');
  expect(told).toHaveLength(6);
  for (const line of told) expect(line['requestId']).toBe(line['told']);
  expect(new Set(told.map(({ requestId }) => requestId))).toEqual(
    new Set(answers.map(({ headers }) => headers.get('x-request-id'))),
  );
  expect(lines().at(-1)).not.toHaveProperty('requestId');
});

describe('what fails for a while', () => {
  const away = Object.assign(new Error('The state is away.'), { code: 'state_unavailable' });
  const words = { failing: 'not followed', mended: 'followed again' };

  it('has a line when it begins and one when it is over, however often it is tried', () => {
    const lapse = createLapses(log, () => false)(words, { peer: 'b' });
    lapse.onMended();
    for (let outage = 0; outage < 2; outage += 1) {
      for (let tries = 0; tries < 50; tries += 1) lapse.onError(away);
      for (let tries = 0; tries < 50; tries += 1) lapse.onMended();
    }
    const begin = {
      level: 50,
      peer: 'b',
      reason: 'The state is away.',
      code: 'state_unavailable',
      msg: 'not followed',
    };
    const end = { level: 40, peer: 'b', msg: 'followed again' };
    expect(lines()).toMatchObject([begin, end, begin, end]);
    expect(written.join()).not.toMatch(/stack|\.ts:/);
  });

  it('has none where something else has one already, and has one for a reason of its own', () => {
    const lapse = createLapses(log, (error) => error === away)(words);
    lapse.onError(away);
    lapse.onMended();
    expect(written).toEqual([]);
    lapse.onError(away);
    lapse.onError(new Error('Another process has this id.'));
    lapse.onError(away);
    lapse.onMended();
    expect(lines().map(({ msg, reason }) => [msg, reason])).toEqual([
      ['not followed', 'Another process has this id.'],
      ['followed again', undefined],
    ]);
  });

  it('is told for each of many', () => {
    const { onError, onMended } = createLapsesByKey((peer) =>
      createLapses(log, () => false)(words, { peer }),
    );
    for (const peer of ['a', 'b', 'a', 'b']) onError(away, peer);
    onMended('a');
    onMended('a');
    expect(lines().map(({ msg, peer }) => [msg, peer])).toEqual([
      ['not followed', 'a'],
      ['not followed', 'b'],
      ['followed again', 'a'],
    ]);
  });

  it('is told with what caused it, in words; a bug with its stack', async () => {
    const lapses = createLapses(log, () => false);
    const refused = await fetch('http://127.0.0.1:1/').catch((error: unknown) => error);
    lapses(words).onError(new Error('No keys.', { cause: refused }));
    lapses(words).onError(new TypeError('x is not a function'));
    const [line, bug] = lines();
    expect(line).toMatchObject({
      reason: expect.stringMatching(/^No keys\.: fetch failed.*ECONNREFUSED|EBADPORT|bad port/),
    });
    expect(line).not.toHaveProperty('err');
    expect(bug).toMatchObject({ err: { type: 'TypeError', stack: expect.stringContaining('log-lines') } });
  });

  it('is told once, whoever looks how often whether a component is well', () => {
    const { onDown, onUp } = componentLines(createLapses(log, () => false));
    for (let checks = 0; checks < 5; checks += 1) onDown('keys', away);
    for (let checks = 0; checks < 5; checks += 1) onUp('keys');
    expect(lines().map(({ msg, component }) => [msg, component])).toEqual([
      ['component is down', 'keys'],
      ['component is up', 'keys'],
    ]);
  });
});
