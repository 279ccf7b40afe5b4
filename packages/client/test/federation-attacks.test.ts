/** P2.5, P2.9: instances that would have tokens taken to where they do not belong. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { FederatedClient } from '@romm-netplay/client/federation';
import { createClock, failure, startFederatedClient, until } from './support/client.js';
import { announce, requests, tokensSeen } from './support/federation.js';
import { startServer, type TestServer } from './support/instance.js';

const B = 'http://b.example';
const C = 'http://c.example';
const clock = createClock();
let own: TestServer;
let hostB: TestServer;
let hostC: TestServer;
let evil: TestServer;
let netplay: FederatedClient;
beforeEach(async () => {
  [own, hostB, hostC, evil] = await Promise.all([
    ...[startServer(), startServer(), startServer(), startServer()],
  ] as const);
  netplay = startFederatedClient(own, clock);
  announce(own, [
    { instance: B, nodes: [hostB.url], rooms: [{ name: 'far', url: hostB.url }] },
    { instance: C, nodes: [hostC.url], rooms: [{ name: 'far', url: hostC.url }] },
  ]);
});
afterEach(async () => {
  await netplay.close();
  await Promise.all([own, hostB, hostC, evil].map((server) => server.close()));
});

const untouched = (server: TestServer) => expect([server.calls, server.sockets]).toEqual([[], []]);

describe('tokens', () => {
  it('of each instance are seen by its own nodes alone, each write token once', async () => {
    for (const instance of [B, C, undefined, B, C]) {
      const room = await netplay.joinRoom({ name: 'far', instance });
      await room.leave();
    }
    const seen = [own, hostB, hostC].map(tokensSeen);
    const [home = [], b = [], c = []] = seen;
    expect(
      home.filter((token) => !token.startsWith('Bearer')).every((token) => /for home$/.test(token)),
    ).toBe(true);
    expect([b.length, b.every((token) => token.endsWith(B))]).toEqual([4, true]);
    expect([c.length, c.every((token) => token.endsWith(C))]).toEqual([4, true]);
    const writes = seen.flat().filter((token) => token.startsWith('write'));
    expect([writes.length, new Set(writes).size]).toEqual([5, 5]);
    expect(seen.flat().filter((token) => token === 'Bearer player').length).toBe(own.calls.length);
  });

  it('that a node says it does not know are not tried at another instance', async () => {
    hostB.onRequest('join-room', ({ refuse }) => refuse('token_used'));
    expect(await failure(netplay.joinRoom({ name: 'far', instance: B }))).toMatchObject({
      code: 'token_used',
    });
    const writes = tokensSeen(hostB).filter((token) => token.startsWith('write'));
    expect([writes.length, new Set(writes).size]).toEqual([2, 2]);
    untouched(hostC);
  });
});

describe('a host that sends players away', () => {
  const TARGETS: Record<string, () => string> = {
    'a URL nobody announces': () => evil.url,
    'a node of another instance': () => hostC.url,
    'a node of home': () => own.url,
    'a path on its own host': () => `${hostB.url}/evil`,
    'its own host as a user name': () => `http://${new URL(hostB.url).host}@${new URL(evil.url).host}`,
    'a script': () => 'javascript:alert(1)',
    nothing: () => '',
  };
  const NAMES = Object.keys(TARGETS);
  const nobodyWasVisited = () => {
    [evil, hostC].forEach(untouched);
    expect(own.sockets).toEqual([]);
  };

  it.each(NAMES)('when asked for a room: %s', async (name) => {
    hostB.onRequest('join-room', ({ event, refuse }) => {
      event('room-redirect', { room_name: 'far', url: TARGETS[name]!(), nodeId: 'x' });
      refuse('room_elsewhere');
    });
    expect(await failure(netplay.joinRoom({ name: 'far', instance: B }))).toMatchObject({
      code: 'redirect_refused',
    });
    // Its own auth was asked once more, in vain.
    expect(own.count('/api/federation/rooms')).toBe(2);
    nobodyWasVisited();
  });

  it.each(NAMES)('out of a room, which goes on: %s', async (name) => {
    const room = await netplay.joinRoom({ name: 'far', instance: B });
    const refused: string[] = [];
    room.on('error', ({ code }) => void refused.push(code));
    const redirect = { room_name: 'far', url: TARGETS[name]!(), nodeId: 'x', resume_token: 'bait' };
    hostB.tell('room-redirect', redirect);
    await until(() => refused.length === 1, 'the refusal');
    expect([refused, room.state]).toEqual([['redirect_refused'], 'connected']);
    nobodyWasVisited();
  });

  it('in a circle is left after three hops', async () => {
    hostB.onRequest('join-room', ({ event, refuse }) => {
      event('room-redirect', { room_name: 'far', url: hostB.url, nodeId: 'x' });
      refuse('room_elsewhere');
    });
    expect(await failure(netplay.joinRoom({ name: 'far', instance: B }))).toMatchObject({
      code: 'too_many_redirects',
    });
    expect(requests(hostB).filter((type) => type === 'join-room')).toHaveLength(4);
  });

  it('is not followed at all where redirects are switched off', async () => {
    const stays = startFederatedClient(own, clock, { followRedirects: false });
    hostB.onRequest('join-room', ({ event, refuse }) => {
      event('room-redirect', { room_name: 'far', url: hostB.url, nodeId: 'x' });
      refuse('room_elsewhere');
    });
    expect(await failure(stays.joinRoom({ name: 'far', instance: B }))).toMatchObject({
      code: 'room_elsewhere',
    });
    await stays.close();
  });
});

describe('a step down from https', () => {
  it('is refused for an instance that is on https', async () => {
    const instance = 'https://b.example';
    announce(own, [{ instance, nodes: [hostB.url], rooms: [{ name: 'far', url: hostB.url }] }]);
    expect(await failure(netplay.joinRoom({ name: 'far', instance }))).toMatchObject({
      code: 'redirect_refused',
    });
    untouched(hostB);
  });

  it('is refused where the own auth is on https, whatever the other instance is on', async () => {
    const asked: string[] = [];
    const client = startFederatedClient(own, clock, {
      authUrl: 'https://auth.example',
      fetch: (input, init) => {
        asked.push(input as string);
        return fetch((input as string).replace('https://auth.example', own.url), init);
      },
    });
    expect(await failure(client.joinRoom({ name: 'far', instance: B }))).toMatchObject({
      code: 'redirect_refused',
    });
    expect(asked.length).toBeGreaterThan(0);
    untouched(hostB);
    await client.close();
  });
});

describe('an own auth that announces nonsense', () => {
  it.each([
    ['a room at a URL that is no node of its instance', ['b'], 'evil'],
    ['a room at a node of another instance', ['b'], 'c'],
    ['a script', ['javascript:alert(1)'], 'script'],
    ['credentials', ['http://user:pw@evil.example'], 'credentials'],
  ] as const)('%s: nobody goes there', async (_name, nodes, where) => {
    const urls: Record<string, string> = {
      ...{ evil: evil.url, c: hostC.url, b: hostB.url },
      ...{ script: 'javascript:alert(1)', credentials: 'http://user:pw@evil.example' },
    };
    const announced = nodes.map((node) => urls[node] ?? node);
    announce(own, [{ instance: B, nodes: announced, rooms: [{ name: 'far', url: urls[where]! }] }]);
    expect(await failure(netplay.joinRoom({ name: 'far', instance: B }))).toMatchObject({
      code: 'redirect_refused',
    });
    [evil, hostB, hostC].forEach(untouched);
  });

  it.each([
    ['an array', []],
    ['no lists', {}],
    ['texts for lists', { rooms: 'x', foreign_rooms: 'y', instances: 'z' }],
  ])('%s is a bad response', async (_name, body) => {
    own.on('/api/federation/rooms', () => ({ body }));
    expect(await failure(netplay.federatedRooms())).toMatchObject({ code: 'bad_response' });
  });

  it('is shown without what cannot be right', async () => {
    const odd = [null, 7, {}, { room_name: 'x' }, { instance: B }, { issuer: B, nodes: [7] }, { issuer: 7 }];
    own.on('/api/federation/rooms', () => ({ body: { rooms: odd, foreign_rooms: odd, instances: odd } }));
    expect(await netplay.federatedRooms()).toEqual({ rooms: [], foreignRooms: [], instances: [] });
  });

  it.each(['/api/federation/instances', '/api/federation/consents'])('%s', async (path) => {
    own.on(path, () => ({ body: { instances: 'all' } }));
    const asking = path.endsWith('instances') ? netplay.instances() : netplay.giveConsent(B);
    expect(await failure(asking)).toMatchObject({ code: 'bad_response' });
  });
});
