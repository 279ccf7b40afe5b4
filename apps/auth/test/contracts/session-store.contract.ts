import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Session, SessionStore, StoredRefreshToken } from '../../src/sessions/session-store.js';

const NOW = 1_800_000_000_000;

const sessionOf = (sub: string, changes: Partial<Session> = {}): Session => ({
  id: randomUUID(),
  sub,
  provider: 'dev',
  netplayUsername: 'Ada',
  role: 'player',
  device: 'test',
  createdAtMs: NOW,
  lastUsedAtMs: NOW,
  expiresAtMs: NOW + 1_000,
  endedAtMs: null,
  endReason: null,
  ...changes,
});
const tokenOf = (session: Session): StoredRefreshToken => ({
  hash: randomUUID(),
  sessionId: session.id,
  expiresAtMs: session.expiresAtMs,
  rotatedAtMs: null,
  successorSalt: null,
});

/** What every SessionStore does; `other` is a second one over the same database, as a replica has it. */
export function sessionStoreContract(
  open: () => Promise<{ store: SessionStore; other: SessionStore; close(): Promise<void> }>,
): void {
  let subject: Awaited<ReturnType<typeof open>>;
  let store: SessionStore;
  beforeAll(async () => {
    subject = await open();
    ({ store } = subject);
  });
  afterAll(() => subject.close());

  async function create(sub: string, changes: Partial<Session> = {}) {
    const session = sessionOf(sub, changes);
    const token = tokenOf(session);
    await store.create(session, token, 20);
    return { session, token };
  }

  it('finds a session by any of its tokens, and none for others', async () => {
    const { session, token } = await create(randomUUID());
    const next = { ...tokenOf(session) };
    const rotated = { ...token, rotatedAtMs: NOW + 5, successorSalt: 'salt' };
    await store.withSessionOf(token.hash, (transaction) => transaction.rotate(rotated, next));
    for (const { hash } of [token, next]) {
      expect(await store.withSessionOf(hash, (found) => Promise.resolve(found.session))).toEqual(session);
    }
    expect(await store.withSessionOf(next.hash, (found) => found.findToken(token.hash))).toEqual(rotated);
    expect(await store.withSessionOf(randomUUID(), () => Promise.resolve(1))).toBeUndefined();
  });

  it('takes nothing of a transaction that throws', async () => {
    const { session, token } = await create(randomUUID());
    const spoiled = store.withSessionOf(token.hash, async (transaction) => {
      await transaction.rotate({ ...token, rotatedAtMs: 1, successorSalt: 'x' }, tokenOf(session));
      await transaction.end('revoked', NOW);
      throw new Error('spoiled');
    });
    await expect(spoiled).rejects.toThrow('spoiled');
    expect(await store.withSessionOf(token.hash, (found) => found.findToken(token.hash))).toEqual(token);
    expect(await store.listLive(session.sub, NOW)).toEqual([session]);
  });

  it('lets one replica at a time work on a session', async () => {
    const { token } = await create(randomUUID());
    let inside = 0;
    let most = 0;
    const work = async () => {
      inside += 1;
      most = Math.max(most, inside);
      await new Promise((resolve) => setImmediate(resolve));
      inside -= 1;
    };
    const stores = [store, subject.other];
    await Promise.all(
      Array.from({ length: 8 }, (_, index) => stores[index % 2]!.withSessionOf(token.hash, work)),
    );
    expect(most).toBe(1);
  });

  it('updates what a refresh changes', async () => {
    const { session, token } = await create(randomUUID());
    const changes = {
      netplayUsername: 'Bea',
      role: 'admin',
      lastUsedAtMs: NOW + 1,
      expiresAtMs: NOW + 9,
    } as const;
    await store.withSessionOf(token.hash, (transaction) => transaction.update(changes));
    expect(await store.listLive(session.sub, NOW)).toEqual([{ ...session, ...changes }]);
  });

  it('lists live sessions only, the last used first', async () => {
    const sub = randomUUID();
    const { session: first } = await create(sub);
    const { session: second } = await create(sub, { lastUsedAtMs: NOW + 1 });
    await create(sub, { expiresAtMs: NOW - 1 });
    const { session: ended } = await create(sub);
    await store.end({ sub, id: ended.id }, 'revoked', NOW);
    expect(await store.listLive(sub, NOW)).toEqual([second, first]);
  });

  it.each([
    ['one', (ids: string[]) => ({ id: ids[0] }), 1],
    ['all but one', (ids: string[]) => ({ exceptId: ids[0] }), 2],
    ['all', () => ({}), 3],
  ])('ends %s of a player, once, and nothing of another', async (_which, filterOf, count) => {
    const sub = randomUUID();
    const { session: others } = await create(randomUUID());
    const ids: string[] = [];
    for (let index = 0; index < 3; index += 1) ids.push((await create(sub)).session.id);
    const filter = { sub, ...filterOf(ids) };
    expect(await store.end(filter, 'revoked', NOW)).toBe(count);
    expect(await store.end(filter, 'revoked', NOW)).toBe(0);
    expect(await store.listLive(others.sub, NOW)).toHaveLength(1);
  });

  it('remembers which ended sessions are not announced yet', async () => {
    const { session } = await create(randomUUID());
    expect(await store.listUnannounced(1_000)).not.toContain(session.id);
    await store.end({ sub: session.sub }, 'revoked', NOW);
    expect(await store.listUnannounced(1_000)).toContain(session.id);
    await store.markAnnounced([session.id]);
    expect(await store.listUnannounced(1_000)).not.toContain(session.id);
  });

  it('announces again what ended lately, on request', async () => {
    const ids: string[] = [];
    for (const endedAtMs of [NOW + 100, NOW + 300]) {
      const { session } = await create(randomUUID());
      await store.end({ sub: session.sub }, 'revoked', endedAtMs);
      ids.push(session.id);
    }
    await store.markAnnounced(ids);
    await store.reannounce(NOW + 200);
    const unannounced = await store.listUnannounced(1_000);
    expect(ids.map((id) => unannounced.includes(id))).toEqual([false, true]);
    await store.markAnnounced(ids);
  });

  it('purges what is over, never what is live or not announced', async () => {
    const sub = randomUUID();
    const { token: live } = await create(sub, { expiresAtMs: NOW + 1_000_000 });
    const { token: expired } = await create(sub, { expiresAtMs: NOW - 500 });
    const { session: ended, token: endedToken } = await create(sub, { expiresAtMs: NOW + 1_000_000 });
    await store.end({ sub, id: ended.id }, 'revoked', NOW - 500);
    const exists = (hash: string) => store.withSessionOf(hash, () => Promise.resolve(true));
    await store.purge(NOW);
    expect(await exists(expired.hash)).toBeUndefined();
    expect(await exists(endedToken.hash)).toBe(true);
    await store.markAnnounced([ended.id]);
    await store.purge(NOW);
    expect(await exists(endedToken.hash)).toBeUndefined();
    expect(await exists(live.hash)).toBe(true);
  });
}
