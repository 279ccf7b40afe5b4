/** S1 and S2 in the browser: a session in memory, one refresh for all tabs, signing out everywhere. */
import { BroadcastChannel } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ChannelLike, LocksLike, NetplayClient, Player, StorageLike } from '@romm-netplay/client';
import { createClock, failure, startClient, type TestClock, until } from './support/client.js';
import { problem, signedIn, startServer, type TestServer } from './support/instance.js';

let server: TestServer;
let clock: TestClock;
let opened: NetplayClient[];
beforeEach(async () => {
  server = await startServer();
  clock = createClock();
  opened = [];
});
afterEach(async () => {
  await Promise.all(opened.map((netplay) => netplay.close()));
  expect(server.faults).toEqual([]);
  await server.close();
});

const start = (options = {}): NetplayClient => {
  const netplay = startClient(server, clock, { identity: 'session', ...options });
  opened.push(netplay);
  return netplay;
};
const changes = (netplay: NetplayClient): (string | undefined)[] => {
  const seen: (string | undefined)[] = [];
  netplay.on('player-changed', (player: Player | undefined) => void seen.push(player?.sub));
  return seen;
};
const refreshed = () => server.count('/api/auth/refresh');

/** navigator.locks of one browser, as far as it is used. */
function createLocks(): LocksLike {
  let tail = Promise.resolve<unknown>(undefined);
  let held = 0;
  return {
    async request(_name, { ifAvailable }, work) {
      if (ifAvailable && held > 0) return work(null);
      held += 1;
      const turn = tail.then(() => work({}));
      tail = turn.catch(() => undefined);
      return turn.finally(() => (held -= 1));
    },
  };
}
/** What the tabs of one browser have in common. */
const browser = () => {
  const locks = createLocks();
  const channel = (name: string) => new BroadcastChannel(name) as unknown as ChannelLike;
  // Real pauses: the messages of BroadcastChannel need real time.
  const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
  return { locks, channel, sleep };
};

describe('a session', () => {
  it('begins with name and password, and its access token mints the others', async () => {
    const netplay = start();
    const seen = changes(netplay);
    const player = await netplay.signIn({ username: 'ada', password: 'correct horse' });
    expect(player).toEqual({ sub: 'u1', netplay_username: 'Name of u1', role: 'player' });
    expect(netplay.player).toEqual(player);
    expect(seen).toEqual(['u1']);
    await netplay.token('read');
    expect(server.calls.map(({ path, authorization }) => [path, authorization])).toEqual([
      ['/api/auth/login', undefined],
      ['/api/sfu/token', 'Bearer access-1'],
    ]);
  });

  it('begins without a password where the browser shows who the player is', async () => {
    await start().signIn();
    expect(server.calls[0]?.body).toEqual({});
  });

  it('does not begin with a wrong password, which is tried once', async () => {
    const netplay = start();
    server.on('/api/auth/login', () => problem(401, 'wrong_credentials'));
    const error = await failure(netplay.signIn({ username: 'ada', password: 'hunter2' }));
    expect(error).toMatchObject({ code: 'wrong_credentials', status: 401, retryable: false });
    expect(`${error.message}${String(error.stack)}`).not.toContain('hunter2');
    expect([server.count('/api/auth/login'), netplay.player]).toEqual([1, undefined]);
  });

  it('is restored at page load, and is nobody where there is none', async () => {
    const netplay = start();
    expect(await netplay.restore()).toMatchObject({ sub: 'u1' });
    expect(await netplay.restore()).toMatchObject({ sub: 'u1' });
    expect(refreshed()).toBe(1);
    server.on('/api/auth/refresh', () => problem(401, 'no_session'));
    const other = start();
    expect(await other.restore()).toBeUndefined();
    expect(await failure(other.token('read'))).toMatchObject({ code: 'not_signed_in', retryable: false });
  });

  it('refreshes its access token a minute before the expiry, once for all callers', async () => {
    const netplay = start();
    await netplay.signIn();
    clock.advance(841_000);
    await Promise.all(Array.from({ length: 20 }, () => netplay.token('write')));
    expect(refreshed()).toBe(1);
    expect(server.calls.at(-1)?.authorization).toBe('Bearer access-r1');
  });

  it('refreshes once when auth refuses the access token', async () => {
    const netplay = start();
    await netplay.signIn();
    server.on('/api/sfu/token', ({ authorization }) =>
      authorization === 'Bearer access-r1'
        ? { body: { token: 'good', token_type: 'bearer', expires: 900 } }
        : problem(401, 'token_expired'),
    );
    expect(await netplay.token('read')).toBe('good');
    expect([refreshed(), server.count('/api/sfu/token')]).toEqual([1, 2]);
  });

  it('is over when auth knows it no more', async () => {
    const netplay = start();
    const seen = changes(netplay);
    await netplay.signIn();
    server.on('/api/sfu/token', () => problem(401, 'token_revoked'));
    server.on('/api/auth/refresh', () => problem(401, 'no_session'));
    expect(await failure(netplay.token('read'))).toMatchObject({ code: 'not_signed_in' });
    expect([netplay.player, seen]).toEqual([undefined, ['u1', undefined]]);
  });

  it('is over when a node says that the session of the token was revoked', async () => {
    const netplay = start();
    await netplay.signIn();
    server.on('/list', () => problem(401, 'token_revoked'));
    expect(await failure(netplay.rooms())).toMatchObject({ code: 'token_revoked' });
    expect([netplay.player, server.count('/list'), refreshed()]).toEqual([undefined, 1, 0]);
  });

  it('is not lost while auth cannot tell', async () => {
    const netplay = start();
    await netplay.signIn();
    clock.advance(900_000);
    server.on('/api/auth/refresh', (_call, nth) => (nth < 3 ? problem(503, 'unavailable') : signedIn()));
    expect(await netplay.token('read')).toBe('read-1');
    expect(netplay.player).toMatchObject({ sub: 'u1' });
  });

  it('ends by signing out; tokens of the former player are not given to the next one', async () => {
    const netplay = start();
    const seen = changes(netplay);
    await netplay.signIn();
    expect(await netplay.token('read')).toBe('read-1');
    await netplay.signOut({ all: true });
    expect(server.calls.at(-1)).toMatchObject({ path: '/api/auth/logout', body: { all: true } });
    server.on('/api/auth/login', () => signedIn('u2', 'access-2'));
    await netplay.signIn();
    expect(await netplay.token('read')).toBe('read-2');
    expect(seen).toEqual(['u1', undefined, 'u2']);
  });

  describe('that is to end while auth cannot be told', () => {
    /** What outlives a page. */
    const keep = () => {
      const items = new Map<string, string>();
      const storage: StorageLike = {
        getItem: (name) => items.get(name) ?? null,
        setItem: (name, value) => void items.set(name, value),
        removeItem: (name) => void items.delete(name),
      };
      return { items, storage };
    };
    const loggedOut = () => server.calls.filter(({ path }) => path === '/api/auth/logout');
    const DONE = { body: { ok: true } };
    /** Never again by itself. */
    const sleep = (ms: number) => (ms < 10_000 ? clock.sleep(ms) : new Promise<void>(() => undefined));

    it('is forgotten here at once, and told when the line is back', async () => {
      const netplay = start();
      await netplay.signIn();
      server.on('/api/auth/logout', (_call, nth) => (nth < 3 ? problem(503, 'unavailable') : DONE));
      expect(await failure(netplay.signOut())).toMatchObject({ code: 'unavailable' });
      expect(netplay.player).toBeUndefined();
      await until(() => loggedOut().length === 3, 'the end');
      expect(refreshed()).toBe(0);
    });

    it('gives nobody a token meanwhile, and is told before anything else', async () => {
      const netplay = start({ sleep });
      await netplay.signIn();
      let away = true;
      server.on('/api/auth/logout', () => (away ? problem(503, 'unavailable') : DONE));
      await failure(netplay.signOut());
      away = false;
      expect(await failure(netplay.token('read'))).toMatchObject({ code: 'not_signed_in' });
      expect([loggedOut().length, refreshed(), server.count('/api/sfu/token')]).toEqual([2, 0, 0]);
      // Now it is another matter.
      await netplay.signIn();
      expect(await netplay.token('read')).toBe('read-1');
      expect(loggedOut()).toHaveLength(2);
    });

    it.each([false, true])('is remembered by the next page, all devices: %s', async (all) => {
      const { items, storage } = keep();
      const [before, after] = [start({ storage, sleep }), start({ storage, sleep })];
      await before.signIn();
      server.on('/api/auth/logout', (_call, nth) => (nth === 1 ? problem(503, 'unavailable') : DONE));
      await failure(before.signOut({ all }));
      await before.close();
      expect(await after.restore()).toBeUndefined();
      expect(loggedOut().at(-1)).toMatchObject({ body: { all } });
      expect([refreshed(), items.size]).toEqual([0, 0]);
      await after.signIn();
      expect(loggedOut()).toHaveLength(2);
    });

    it('is over before somebody signs in: their session is another one', async () => {
      const { storage } = keep();
      const netplay = start({ storage, sleep });
      await netplay.signIn();
      server.on('/api/auth/logout', (_call, nth) => (nth < 3 ? problem(503, 'unavailable') : DONE));
      await failure(netplay.signOut());
      expect(await failure(netplay.signIn())).toMatchObject({ code: 'unavailable' });
      expect(server.count('/api/auth/login')).toBe(1);
      await netplay.signIn();
      expect(server.calls.slice(-2).map(({ path }) => path)).toEqual(['/api/auth/logout', '/api/auth/login']);
    });
  });
});

describe('tabs', () => {
  it('refresh once, one after another at most, and hand the access token on', async () => {
    const shared = browser();
    const tabs = Array.from({ length: 5 }, () => start(shared));
    let underWay = 0;
    server.on('/api/auth/refresh', async (_call, nth) => {
      underWay += 1;
      expect(underWay).toBe(1);
      await shared.sleep(30);
      underWay -= 1;
      return signedIn('u1', `access-${nth}`);
    });
    const players = await Promise.all(tabs.map((tab) => tab.restore()));
    expect(players.every((player) => player?.sub === 'u1')).toBe(true);
    expect(refreshed()).toBe(1);
    await Promise.all(tabs.map((tab) => tab.token('read')));
    expect(server.calls.filter(({ path }) => path === '/api/sfu/token').map((c) => c.authorization)).toEqual(
      tabs.map(() => 'Bearer access-1'),
    );
  });

  it('ask for themselves when the tab before them failed', async () => {
    const shared = browser();
    const tabs = [start(shared), start(shared)];
    server.on('/api/auth/refresh', (_call, nth) => (nth === 1 ? problem(400, 'odd') : signedIn()));
    const outcomes = await Promise.allSettled(tabs.map((tab) => tab.restore()));
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
    expect(refreshed()).toBe(2);
  });

  it('hear of signing in and out in another tab', async () => {
    const shared = browser();
    const [one, two] = [start(shared), start(shared)];
    const seen = changes(two);
    await one.signIn();
    await until(() => two.player !== undefined, 'the sign-in');
    expect(await two.token('read')).toBe('read-1');
    expect(refreshed()).toBe(0);
    await one.signOut();
    await until(() => two.player === undefined, 'the sign-out');
    expect(seen).toEqual(['u1', undefined]);
  });

  it('survive what other software says on their channel', async () => {
    const shared = browser();
    const tab = start(shared);
    const stranger = new BroadcastChannel(`netplay-session:${server.url}`);
    for (const message of [null, 7, 'x', {}, { signedIn: {} }, { signedIn: { accessToken: 1 } }]) {
      stranger.postMessage(message);
    }
    await shared.sleep(30);
    expect(await tab.restore()).toMatchObject({ sub: 'u1' });
    stranger.close();
  });
});
