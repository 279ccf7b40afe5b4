/** P2.9: a player follows a room to where the own instance says it is, and to nowhere else. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { isAnnounced, type NetplayClient } from '@romm-netplay/client';
import { createClock, failure, startClient, until } from './support/client.js';
import { startServer, type TestServer } from './support/instance.js';

describe('isAnnounced', () => {
  const NODE = 'https://sfu-b.example.org/netplay';
  const OWN = 'https://romm.example.org';

  it.each([
    [NODE],
    [`${NODE}/`],
    ['https://SFU-B.example.org/netplay'],
    ['https://sfu-b.example.org:443/netplay'],
    ['wss://sfu-b.example.org/netplay'],
  ])('knows %s', (url) => {
    expect(isAnnounced(url, [NODE], OWN)).toBe(true);
  });

  it.each([
    ['another host', 'https://evil.example/netplay'],
    ['the host as a user name', 'https://sfu-b.example.org@evil.example/netplay'],
    ['a user name before the host', 'https://x@sfu-b.example.org/netplay'],
    ['a longer host', 'https://sfu-b.example.org.evil.example/netplay'],
    ['a longer beginning of the host', 'https://evil-sfu-b.example.org/netplay'],
    ['a dot behind the host', 'https://sfu-b.example.org./netplay'],
    ['another port', 'https://sfu-b.example.org:8443/netplay'],
    ['another path', 'https://sfu-b.example.org/'],
    ['a path that climbs', 'https://sfu-b.example.org/netplay/../evil'],
    ['a longer path', 'https://sfu-b.example.org/netplay/evil'],
    ['a query', 'https://sfu-b.example.org/netplay?u=evil'],
    ['a fragment', 'https://sfu-b.example.org/netplay#evil'],
    ['a backslash', 'https://sfu-b.example.org\\@evil.example/netplay'],
    ['a line break', 'https://sfu-b.example.org/netplay\n'],
    ['a tab within', 'https://sfu-b.exa\tmple.org/netplay'],
    ['letters that look alike', 'https://sfu-b.еxample.org/netplay'],
    ['http', 'http://sfu-b.example.org/netplay'],
    ['ws', 'ws://sfu-b.example.org/netplay'],
    ['no scheme', '//sfu-b.example.org/netplay'],
    ['one slash', 'https:/sfu-b.example.org/netplay'],
    ['no host', '/netplay'],
    ['a script', 'javascript:alert(1)'],
    ['data', 'data:text/html,x'],
    ['a blob', 'blob:https://sfu-b.example.org/netplay'],
    ['nothing', ''],
  ])('refuses %s', (_name, url) => {
    expect(isAnnounced(url, [NODE], OWN)).toBe(false);
  });

  it('refuses http announced by an https instance, and takes it from an http one', () => {
    expect(isAnnounced('http://10.0.0.2:3001', ['http://10.0.0.2:3001'], OWN)).toBe(false);
    expect(isAnnounced('http://10.0.0.2:3001', ['http://10.0.0.2:3001'], 'http://10.0.0.1')).toBe(true);
  });

  it('refuses everything when nothing is announced, or only nonsense is', () => {
    expect(isAnnounced(NODE, [], OWN)).toBe(false);
    expect(isAnnounced('', ['', 'nonsense'], OWN)).toBe(false);
    expect(isAnnounced('nonsense', ['nonsense'], OWN)).toBe(false);
  });
});

describe('following', () => {
  const clock = createClock();
  let own: TestServer;
  let other: TestServer;
  let netplay: NetplayClient;
  beforeEach(async () => {
    [own, other] = await Promise.all([startServer(), startServer()]);
    netplay = startClient(own, clock);
    own.onRequest('join-room', ({ refuse }) => refuse('room_elsewhere'));
    own.on('/resolve', ({ query }) => ({
      body: { room_name: query['room'], url: other.url, nodeId: 'b' },
    }));
  });
  afterEach(async () => {
    await netplay.close();
    await Promise.all([own.close(), other.close()]);
  });
  const joined = (server: TestServer) => server.sockets.filter(({ type }) => type === 'join-room').length;

  it('joins on the node that hosts the room, with a write token of its own', async () => {
    const room = await netplay.joinRoom({ name: 'far' });
    expect([joined(own), joined(other), room.state]).toEqual([1, 1, 'connected']);
    expect(own.calls.find(({ path }) => path === '/resolve')).toMatchObject({
      query: { room: 'far' },
      authorization: 'Bearer read-1',
    });
    const token = (server: TestServer) =>
      server.sockets.find(({ type }) => type === 'join-room')?.data['token'];
    expect(token(own)).not.toBe(token(other));
    const states: string[] = [];
    room.on('state', (state) => void states.push(state));
    other.cut();
    await until(() => states.includes('connected'), 'the reconnect');
    expect(other.sockets.at(-1)?.type).toBe('resume-room');
  });

  it('can be switched off', async () => {
    const stays = startClient(own, clock, { followRedirects: false });
    expect(await failure(stays.joinRoom({ name: 'far' }))).toMatchObject({ code: 'room_elsewhere' });
    expect(own.count('/resolve')).toBe(0);
  });

  it('ends after three hops', async () => {
    other.onRequest('join-room', ({ refuse }) => refuse('room_elsewhere'));
    expect(await failure(netplay.joinRoom({ name: 'far' }))).toMatchObject({ code: 'too_many_redirects' });
    expect([joined(own), joined(other)]).toEqual([1, 3]);
  });

  it.each(['javascript:alert(1)', 'https://user:pw@evil.example', '', 'not a url'])(
    'refuses %j even from the own instance',
    async (url) => {
      own.on('/resolve', () => ({ body: { room_name: 'far', url, nodeId: 'b' } }));
      expect(await failure(netplay.joinRoom({ name: 'far' }))).toMatchObject({ code: 'redirect_refused' });
    },
  );

  describe('a room that moves', () => {
    const move = (url: string, name = 'near') =>
      own.tell('room-redirect', { room_name: name, url, nodeId: 'b' });
    const joinHere = async () => {
      own.onRequest('join-room', ({ reply }) =>
        reply({ slot: 1, resume_token: 't', room: { room_name: 'near', users: [] } }),
      );
      const room = await netplay.joinRoom({ name: 'near' });
      const refused: string[] = [];
      room.on('error', ({ code }) => void refused.push(code));
      return { room, refused };
    };

    it('is followed to a node that is announced for it', async () => {
      const { room, refused } = await joinHere();
      move(other.url);
      await until(() => other.sockets.some(({ type }) => type === 'resume-room'), 'the move');
      await until(() => room.state === 'connected', 'the new place');
      expect(refused).toEqual([]);
    });

    it('is entered there with the ticket that came with the news (P2.10)', async () => {
      const { room } = await joinHere();
      const redirect = { room_name: 'near', url: other.url, nodeId: 'b', resume_token: 'fresh' };
      own.onRequest('resume-room', ({ refuse }) => refuse('node_draining', true));
      own.tell('room-redirect', redirect);
      own.closeAll(4308, 'moved');
      await until(() => other.sockets.some(({ type }) => type === 'resume-room'), 'the move');
      expect(other.sockets.find(({ type }) => type === 'resume-room')?.data).toMatchObject({
        resume_token: 'fresh',
      });
      await until(() => room.state === 'connected', 'the new place');
      expect(own.sockets.filter(({ type }) => type === 'resume-room').length).toBeLessThanOrEqual(1);
    });

    it('is not followed to a node that is not', async () => {
      const { room, refused } = await joinHere();
      own.on('/resolve', () => ({ body: { room_name: 'near', url: own.url, nodeId: 'a' } }));
      move(other.url);
      await until(() => refused.length === 1, 'the refusal');
      expect([refused, room.state, other.sockets.length]).toEqual([['redirect_refused'], 'connected', 0]);
    });

    it('is ignored when it is another room', async () => {
      const { room, refused } = await joinHere();
      move(other.url, 'somewhere-else');
      await room.chat('still here');
      expect([refused, other.sockets.length]).toEqual([[], 0]);
    });
  });
});
