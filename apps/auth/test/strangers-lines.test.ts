/** Nothing that a stranger sends is worth a line of the log, nor an answer with what is behind it (P4.8). */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createLogger } from '@romm-netplay/service-kit';
import { createDisposers, eventually, freePort } from '@romm-netplay/testing';
import { connect } from 'node:net';
import { startAuth } from './support/auth.js';

const disposers = createDisposers();
let written: string[] = [];
let ports: readonly number[] = [];
beforeAll(async () => {
  const log = createLogger('auth', 'info', { write: (line) => void written.push(line) });
  const metricsPort = await freePort();
  const auth = disposers.use(
    await startAuth({ identityProviders: ['local', 'dev'], metricsPort, issuer: undefined }, { log }),
  );
  ports = [Number(new URL(auth.url).port), metricsPort];
});
afterAll(() => disposers.closeAll());
beforeEach(() => {
  written = [];
});

/** Sends bytes, hangs up after a moment if told so, and answers what came back. */
function send(port: number, bytes: string, end: 'hang-up' | 'wait'): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes, 'latin1'));
    socket.on('data', (chunk) => (answer += chunk.toString('latin1')));
    socket.on('error', () => undefined);
    socket.once('close', () => resolve(answer));
    const timer = setTimeout(() => (end === 'hang-up' ? socket.resetAndDestroy() : socket.destroy()), 150);
    socket.once('close', () => clearTimeout(timer));
  });
}

const json = 'content-type: application/json\r\n';
const head = (line: string, headers = '') => `${line} HTTP/1.1\r\nhost: localhost\r\n${headers}`;
const nested = `{"username":${'['.repeat(7_000)}${']'.repeat(7_000)}}`;
const SENT: [what: string, bytes: string, end: 'hang-up' | 'wait'][] = [
  [
    'a body that breaks off',
    `${head('POST /api/auth/login', json)}content-length: 500\r\n\r\n{"user`,
    'hang-up',
  ],
  [
    'a chunked body that breaks off',
    `${head('POST /api/auth/login', json)}transfer-encoding: chunked\r\n\r\n5\r\n{"use`,
    'hang-up',
  ],
  [
    'a chunk that is none',
    `${head('POST /api/auth/login', json)}transfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n`,
    'wait',
  ],
  [
    'a body of another length than it is',
    `${head('POST /api/auth/login', json)}content-length: 2\r\n\r\n{}GARBAGE`,
    'wait',
  ],
  ['no JSON', `${head('POST /api/auth/login', json)}content-length: 1\r\n\r\n{`, 'wait'],
  [
    'JSON that is nested deeply',
    `${head('POST /api/auth/login', json)}content-length: ${nested.length}\r\n\r\n${nested}`,
    'wait',
  ],
  [
    'thousands of cookies',
    `${head('POST /api/sfu/token', `cookie: ${'a=b;'.repeat(3_500)}\r\n${json}`)}content-length: 2\r\n\r\n{}`,
    'wait',
  ],
  [
    'more cookies than a head may hold',
    `${head('POST /api/sfu/token', `cookie: ${'a=b;'.repeat(10_000)}\r\n${json}`)}content-length: 2\r\n\r\n{}`,
    'wait',
  ],
  ['a host with a policy in it', 'GET /play/ HTTP/1.1\r\nhost: a;script-src *\r\n\r\n', 'wait'],
  [
    'a host with a policy in it, for the first page',
    'GET / HTTP/1.1\r\nhost: a;script-src *\r\n\r\n',
    'wait',
  ],
  [
    'a forwarded host with a policy in it',
    `${head('GET /play/', 'x-forwarded-host: a;script-src *\r\n')}\r\n`,
    'wait',
  ],
  ['an empty host', 'GET /play/ HTTP/1.1\r\nhost: \r\n\r\n', 'wait'],
  ['a path that cannot be decoded', `${head('GET /play/%E0%A4%A')}\r\n\r\n`, 'wait'],
  ['a path with a NUL', `${head('GET /play/a%00b')}\r\n\r\n`, 'wait'],
  ['a path that leads out', `${head('GET /play/..%2f..%2fpackage.json')}\r\n\r\n`, 'wait'],
  ['a path with dots', `${head('GET /play/.env')}\r\n\r\n`, 'wait'],
  ['a very long name', `${head(`GET /play/${'a'.repeat(5_000)}`)}\r\n\r\n`, 'wait'],
  ['a name of a file as a directory', `${head('GET /play/page.js/x')}\r\n\r\n`, 'wait'],
  ['a range beyond the file', `${head('GET /play/page.js', 'range: bytes=99999999-\r\n')}\r\n`, 'wait'],
  ['a condition that does not hold', `${head('GET /play/page.js', 'if-match: "x"\r\n')}\r\n`, 'wait'],
  ['a file whose reader hangs up', `${head('GET /play/netplay.js')}\r\n\r\n`.repeat(20), 'hang-up'],
  ['a page whose reader hangs up', `${head('GET /play/')}\r\n\r\n`.repeat(20), 'hang-up'],
  ['a method that nobody has', `${head('BREW /play/')}\r\n\r\n`, 'wait'],
  [
    'an upgrade to nothing',
    `${head('GET /play/', 'connection: upgrade\r\nupgrade: websocket\r\n')}\r\n`,
    'hang-up',
  ],
  [
    'an expectation that nobody meets',
    `${head('POST /api/auth/login', `expect: magic\r\n${json}`)}content-length: 2\r\n\r\n{}`,
    'wait',
  ],
  [
    'an origin that is none',
    `${head('POST /api/auth/refresh', `origin: ;;\r\ncookie: netplay_refresh=%E0%A4%A\r\n${json}`)}content-length: 2\r\n\r\n{}`,
    'wait',
  ],
  [
    'cookies that are none',
    `${head('POST /api/auth/logout', `cookie: ;=;netplay_refresh=${'%'.repeat(50)}\r\n${json}`)}content-length: 2\r\n\r\n{}`,
    'wait',
  ],
  [
    'a bearer that is none',
    `${head('POST /api/sfu/token', `authorization: Bearer a.b.c\r\n${json}`)}content-length: 2\r\n\r\n{}`,
    'wait',
  ],
  ['an id that cannot be decoded', `${head('GET /api/admin/issuers/%E0%A4%A')}\r\n\r\n`, 'wait'],
  ['no HTTP', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 'wait'],
  ['a head that breaks off', 'GET /play/ HTTP/1.1\r\nhost: loc', 'hang-up'],
];

describe('what strangers send', () => {
  it.each(SENT)('%s', async (_what, bytes, end) => {
    for (const port of ports) {
      const answer = await send(port, bytes, end);
      // Neither a fault of the service, nor what is behind it.
      expect(answer).not.toMatch(/HTTP\/1\.1 500|node_modules|\.[tj]s:\d+|ENAMETOOLONG|ENOTDIR|Error:/);
      expect(answer).not.toMatch(/script-src \*/);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(written).toEqual([]);
  });

  it('and the service goes on', async () => {
    await eventually(async () => (await fetch(`http://127.0.0.1:${ports[0]}/play/`)).status === 200);
  });
});
