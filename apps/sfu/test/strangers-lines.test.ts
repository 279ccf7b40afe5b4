/** Nothing that a stranger sends to a node is worth a line of its log (P4.8). */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createLogger } from '@romm-netplay/service-kit';
import { createDisposers, freePort } from '@romm-netplay/testing';
import { connect } from 'node:net';
import { WebSocket } from 'ws';
import { startNode } from './support/node.js';

const disposers = createDisposers();
let written: string[] = [];
let ports: readonly number[] = [];
let url: string;
beforeAll(async () => {
  const log = createLogger('sfu', 'info', { write: (line) => void written.push(line) });
  const metricsPort = await freePort();
  const { sfu } = disposers.use(await startNode({ metricsPort, allowQueryToken: true }, { log }));
  url = sfu.url;
  ports = [Number(new URL(url).port), metricsPort];
});
afterAll(() => disposers.closeAll());
beforeEach(() => {
  written = [];
});

function send(port: number, bytes: string, end: 'hang-up' | 'wait'): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes, 'latin1'));
    socket.on('data', (chunk) => (answer += chunk.toString('latin1')));
    socket.on('error', () => undefined);
    const timer = setTimeout(() => (end === 'hang-up' ? socket.resetAndDestroy() : socket.destroy()), 150);
    socket.once('close', () => {
      clearTimeout(timer);
      resolve(answer);
    });
  });
}

const json = 'content-type: application/json\r\n';
const head = (line: string, headers = '') => `${line} HTTP/1.1\r\nhost: localhost\r\n${headers}`;
const UPGRADE =
  'connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
const SENT: [what: string, bytes: string, end: 'hang-up' | 'wait'][] = [
  ['a body that breaks off', `${head('POST /leave/x', json)}content-length: 500\r\n\r\n{"user`, 'hang-up'],
  ['a chunk that is none', `${head('POST /leave/x', json)}transfer-encoding: chunked\r\n\r\nzz\r\n`, 'wait'],
  ['a host with a policy in it', 'GET / HTTP/1.1\r\nhost: a;script-src *\r\n\r\n', 'wait'],
  ['a path that cannot be decoded', `${head('GET /join/%E0%A4%A')}\r\n\r\n`, 'wait'],
  [
    'a token that is none',
    `${head('GET /list?token=%E0%A4%A', 'authorization: Bearer a.b.c\r\n')}\r\n`,
    'wait',
  ],
  [
    'an upgrade without a key',
    `${head('GET /ws', 'connection: upgrade\r\nupgrade: websocket\r\n')}\r\n`,
    'wait',
  ],
  ['an upgrade that hangs up', `${head('GET /ws', UPGRADE)}\r\n`, 'hang-up'],
  ['an upgrade of another version', `${head('GET /ws', UPGRADE.replace('13', '7'))}\r\n`, 'wait'],
  ['an upgrade with a broken frame', `${head('GET /ws', UPGRADE)}\r\n\xff\xff\xff\xff`, 'wait'],
  ['a frame that is not masked', `${head('GET /ws', UPGRADE)}\r\n\x81\x02hi`, 'wait'],
  ['a frame that breaks off', `${head('GET /ws', UPGRADE)}\r\n\x81\xfe\x10\x00abc`, 'hang-up'],
  [
    'a handshake of Socket.IO that hangs up',
    `${head('GET /socket.io/?EIO=4&transport=polling')}\r\n`,
    'hang-up',
  ],
  [
    'a session of Socket.IO that is none',
    `${head('GET /socket.io/?EIO=4&transport=polling&sid=x')}\r\n`,
    'wait',
  ],
  ['a transport that is none', `${head('GET /socket.io/?EIO=4&transport=pigeon')}\r\n`, 'wait'],
  [
    'an upgrade of Socket.IO with garbage',
    `${head('GET /socket.io/?EIO=4&transport=websocket', UPGRADE)}\r\n\xff\xff\xff`,
    'wait',
  ],
  [
    'packets of Socket.IO to nobody',
    `${head('POST /socket.io/?EIO=4&transport=polling&sid=x')}content-length: 9\r\n\r\n42["x"]`,
    'hang-up',
  ],
  ['no HTTP', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 'wait'],
];

describe('what strangers send', () => {
  it.each(SENT)('%s', async (_what, bytes, end) => {
    for (const port of ports) {
      const answer = await send(port, bytes, end);
      expect(answer).not.toMatch(/HTTP\/1\.1 500|node_modules|\.[tj]s:\d+|Error:/);
      expect(answer).not.toMatch(/script-src \*/);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(written).toEqual([]);
  });

  it.each([
    [
      'of netplay.v1',
      '/ws',
      [
        '',
        'x',
        '{}',
        '[]',
        '{"type":"hello"}',
        '{"id":1,"type":"hello","data":{"token":"a.b.c"}}',
        '{"id":1,"type":"__proto__"}',
      ],
    ],
    [
      'of Socket.IO',
      '/socket.io/?EIO=4&transport=websocket',
      [
        '4',
        '40{',
        '40{"token":"a.b.c"}',
        '42["open-room"]',
        '451-["x",{"_placeholder":true,"num":9}]',
        '9',
        'b!!',
      ],
    ],
  ])('messages %s that are none, a connection each', async (_what, path, messages) => {
    for (const message of messages) {
      const socket = new WebSocket(
        `${url.replace('http', 'ws')}${path}`,
        path === '/ws' ? ['netplay.v1'] : [],
      );
      socket.on('error', () => undefined);
      await new Promise<void>((resolve) => {
        socket.once('open', () => {
          socket.send(message);
          socket.send(Buffer.from([255, 0, 1]));
          setTimeout(() => socket.terminate(), 50);
        });
        socket.once('close', () => resolve());
      });
    }
    expect(written).toEqual([]);
  });
});
