import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { CONSENT_VERSION } from '@romm-netplay/protocol';
import type { Sql } from '../../src/adapters/sql/database.js';
import { createSqlConsentStore } from '../../src/adapters/sql/sql-consent-store.js';
import { createSqlEndedVisitStore } from '../../src/adapters/sql/sql-ended-visit-store.js';
import { createSqlHeldIdentityStore } from '../../src/adapters/sql/sql-held-identity-store.js';
import { createSqlSessionStore } from '../../src/adapters/sql/sql-session-store.js';
import type { EndedVisitStore } from '../../src/federation/visits/ended-visit-store.js';
import { type Consent, type ConsentStore, newGrantId } from '../../src/privacy/consent-store.js';
import type { EndReason, SessionStore } from '../../src/sessions/session-store.js';

const NOW = 1_800_000_000_000;
const DAY = 24 * 3600 * 1000;
const B = 'https://b.example.org';
const C = 'https://c.example.org';

const consentOf = (sub: string, changes: Partial<Consent> = {}): Consent => ({
  sub,
  audience: B,
  version: CONSENT_VERSION,
  givenAtMs: NOW,
  shares: 'pairwise',
  grantId: newGrantId(),
  ...changes,
});

/** What the stores of consents, ended visits and sessions do together; `other` is what a replica has. */
export function visitStoresContract(open: () => Promise<{ sql: Sql; other: Sql; close(): Promise<void> }>) {
  let subject: Awaited<ReturnType<typeof open>>;
  let consents: ConsentStore;
  let otherConsents: ConsentStore;
  let ended: EndedVisitStore;
  let otherEnded: EndedVisitStore;
  let sessions: SessionStore;
  beforeAll(async () => {
    subject = await open();
    consents = createSqlConsentStore(subject.sql);
    otherConsents = createSqlConsentStore(subject.other);
    ended = createSqlEndedVisitStore(subject.sql);
    otherEnded = createSqlEndedVisitStore(subject.other);
    sessions = createSqlSessionStore(subject.sql);
  });
  afterAll(() => subject.close());

  const find = (sub: string, audience = B, sessionId?: string) =>
    otherConsents.find({ sub, audience, sessionId });
  /** An instance of its own, so that tests do not meet in the list of what is due. */
  const host = () => `https://${randomUUID()}.example.org`;
  const until = (nowMs: number, limit = 100) => ({ nowMs, nextTryAtMs: nowMs + 5_000, limit });
  const isDue = async (audience: string, nowMs: number) =>
    (await ended.listDue(nowMs)).some((each) => each.audience === audience);

  async function signIn(sub: string): Promise<{ id: string; hash: string }> {
    const [id, hash] = [randomUUID(), randomUUID()];
    const times = { createdAtMs: NOW, lastUsedAtMs: NOW, expiresAtMs: NOW + DAY, endedAtMs: null };
    const who = { id, sub, provider: 'dev', netplayUsername: 'Ada', role: 'player' as const, device: 'test' };
    const session = { ...who, ...times, endReason: null };
    const token = { hash, sessionId: id, expiresAtMs: NOW + DAY, rotatedAtMs: null, successorSalt: null };
    await sessions.create(session, token, 20);
    return { id, hash };
  }

  it('keeps a consent for a player and an instance, with version and time (P3.8)', async () => {
    const [ada, eve] = [randomUUID(), randomUUID()];
    const given = consentOf(ada);
    expect(await consents.give(given)).toEqual({ consent: given, isNew: true });
    expect(await find(ada)).toEqual({ ...given, sessionEnded: false });
    expect(await find(ada, C)).toBeUndefined();
    expect(await find(eve)).toBeUndefined();
    expect(await otherConsents.list(ada)).toEqual([given]);
    expect(await otherConsents.list(eve)).toEqual([]);
  });

  it('keeps what was given first, however often and from wherever it is given again', async () => {
    const ada = randomUUID();
    const racers = Array.from({ length: 20 }, (_, index) =>
      (index % 2 === 0 ? consents : otherConsents).give(consentOf(ada, { givenAtMs: NOW + index })),
    );
    const answers = await Promise.all(racers);
    expect(answers.filter(({ isNew }) => isNew)).toHaveLength(1);
    expect(new Set(answers.map(({ consent }) => consent.grantId)).size).toBe(1);
    expect(await consents.list(ada)).toEqual([answers[0]!.consent]);
  });

  it('takes a later version in the place of an earlier one, never the other way round', async () => {
    const ada = randomUUID();
    const first = consentOf(ada);
    await consents.give(first);
    const later = consentOf(ada, { version: CONSENT_VERSION + 1, givenAtMs: NOW + 1 });
    const kept = { ...later, grantId: first.grantId };
    expect(await consents.give(later)).toEqual({ consent: kept, isNew: true });
    expect(await consents.give(consentOf(ada))).toEqual({ consent: kept, isNew: false });
  });

  it('takes one that shares more in the place of one that shares less, never the other way round', async () => {
    const ada = randomUUID();
    const first = consentOf(ada, { version: CONSENT_VERSION + 1 });
    await consents.give(first);
    const racers = Array.from({ length: 8 }, () => consents.give(consentOf(ada, { shares: 'plain' })));
    const answers = await Promise.all(racers);
    const kept = { ...first, shares: 'plain' };
    expect(answers.map(({ consent }) => consent)).toEqual(answers.map(() => kept));
    expect(answers.filter(({ isNew }) => isNew)).toHaveLength(1);
    expect(await consents.give(consentOf(ada))).toEqual({ consent: kept, isNew: false });
  });

  it('ends a consent once, and notes what its instance has to be told', async () => {
    const [ada, audience] = [randomUUID(), host()];
    const given = consentOf(ada, { audience });
    await consents.give(given);
    const racers = [consents, otherConsents, consents, otherConsents];
    const answers = await Promise.all(racers.map((store) => store.withdraw({ sub: ada, audience }, NOW)));
    expect(answers.filter(Boolean)).toHaveLength(1);
    expect(await find(ada, audience)).toBeUndefined();
    expect(await isDue(audience, NOW - 1)).toBe(false);
    expect(await ended.listDue(NOW)).toContainEqual({ audience, tries: 0 });
    expect(await ended.take(audience, until(NOW))).toEqual([given.grantId]);
  });

  it('gives another grant after a withdrawal', async () => {
    const ada = randomUUID();
    const { consent: before } = await consents.give(consentOf(ada));
    await consents.withdraw({ sub: ada, audience: B }, NOW);
    const { consent: after, isNew } = await consents.give(consentOf(ada));
    expect(isNew).toBe(true);
    expect(after.grantId).not.toBe(before.grantId);
  });

  it.each<[string, EndReason, 'all' | 'others' | 'one', boolean]>([
    ['all sessions', 'signed_out', 'all', true],
    ['all sessions, by an administrator', 'revoked', 'all', true],
    ['all sessions, with the account', 'account_changed', 'all', true],
    ['all others, with the password', 'password_changed', 'others', true],
    ['one that its provider does not vouch for any more', 'provider_refused', 'one', true],
    ['one that the player leaves', 'signed_out', 'one', false],
    ['one that the player ends from another', 'revoked', 'one', false],
  ])('ends visits with %s (%s): consents stay', async (_what, reason, which, ends) => {
    const [ada, eve, audience] = [randomUUID(), randomUUID(), host()];
    const { id } = await signIn(ada);
    const held = [consentOf(ada, { audience }), consentOf(ada, { audience: host() })];
    for (const consent of [...held, consentOf(eve, { audience })]) await consents.give(consent);
    const before = (await consents.list(eve))[0]!;
    const filter = { all: {}, others: { exceptId: randomUUID() }, one: { id } }[which];
    expect(await sessions.end({ sub: ada, ...filter }, reason, NOW)).toBe(1);
    const after = await consents.list(ada);
    expect(after).toHaveLength(2);
    for (const { audience: at, grantId } of held) {
      const grant = after.find((each) => each.audience === at)!.grantId;
      expect(grant !== grantId).toBe(ends);
      expect(await ended.take(at, until(NOW))).toEqual(ends ? [grantId] : []);
    }
    expect(await find(eve, audience)).toMatchObject({ grantId: before.grantId });
    expect(await find(ada, audience, id)).toMatchObject({ sessionEnded: true });
  });

  it('ends visits of a player who has no session here', async () => {
    const [ada, audience] = [randomUUID(), host()];
    const { consent } = await consents.give(consentOf(ada, { audience }));
    expect(await sessions.end({ sub: ada }, 'revoked', NOW)).toBe(0);
    expect(await ended.take(audience, until(NOW))).toEqual([consent.grantId]);
  });

  it('ends visits with a session whose refresh token came back: somebody has a copy (S1)', async () => {
    const [ada, audience] = [randomUUID(), host()];
    const { hash } = await signIn(ada);
    const { consent } = await consents.give(consentOf(ada, { audience }));
    await sessions.withSessionOf(hash, (transaction) => transaction.end('refresh_token_reused', NOW));
    expect(await ended.take(audience, until(NOW))).toEqual([consent.grantId]);
  });

  it('says of the session that asks whether it has ended, in the moment of the grant', async () => {
    const ada = randomUUID();
    const { id } = await signIn(ada);
    await consents.give(consentOf(ada));
    expect(await find(ada, B, id)).toMatchObject({ sessionEnded: false });
    expect(await find(ada, B, randomUUID())).toMatchObject({ sessionEnded: true });
    await sessions.end({ sub: ada, id }, 'signed_out', NOW);
    expect(await find(ada, B, id)).toMatchObject({ sessionEnded: true });
    expect(await find(ada, B)).toMatchObject({ sessionEnded: false });
  });

  it('ends nothing of a transaction that fails: sessions and visits end together or not at all', async () => {
    const [ada, audience] = [randomUUID(), host()];
    const { id, hash } = await signIn(ada);
    const { consent } = await consents.give(consentOf(ada, { audience }));
    const killed = sessions.withSessionOf(hash, async (transaction) => {
      await transaction.end('refresh_token_reused', NOW);
      throw new Error('killed');
    });
    await expect(killed).rejects.toThrow('killed');
    expect(await find(ada, audience, id)).toMatchObject({ grantId: consent.grantId, sessionEnded: false });
    expect(await isDue(audience, NOW)).toBe(false);
  });

  async function endedAt(audience: string, count: number, atMs = NOW): Promise<string[]> {
    const grants: string[] = [];
    for (let index = 0; index < count; index += 1) {
      const given = consentOf(randomUUID(), { audience });
      await consents.give(given);
      await consents.withdraw(given, atMs + index);
      grants.push(given.grantId);
    }
    return grants;
  }

  it('gives what is due to one replica at a time, and again to whoever comes later', async () => {
    const audience = host();
    const grants = await endedAt(audience, 5);
    const taken = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        (index % 2 === 0 ? ended : otherEnded).take(audience, until(NOW + 10)),
      ),
    );
    expect(taken.flat().sort()).toEqual([...grants].sort());
    expect(await ended.take(audience, until(NOW + 5_009))).toEqual([]);
    // The one that took them was killed.
    expect(await otherEnded.listDue(NOW + 5_010)).toContainEqual({ audience, tries: 1 });
    expect((await otherEnded.take(audience, until(NOW + 5_010))).sort()).toEqual([...grants].sort());
  });

  it('takes the oldest first, and no more than it is asked for', async () => {
    const audience = host();
    const grants = await endedAt(audience, 5);
    expect((await ended.take(audience, until(NOW + 10, 2))).sort()).toEqual(grants.slice(0, 2).sort());
    expect((await ended.take(audience, until(NOW + 10, 2))).sort()).toEqual(grants.slice(2, 4).sort());
  });

  it('forgets what a host was told, and has the rest told at once', async () => {
    const [audience, elsewhere] = [host(), host()];
    const grants = await endedAt(audience, 3);
    const others = await endedAt(elsewhere, 1);
    await ended.take(audience, until(NOW + 10));
    await ended.take(elsewhere, until(NOW + 10));
    await otherEnded.told(audience, grants.slice(0, 2), NOW + 11);
    expect(await ended.take(audience, until(NOW + 11))).toEqual(grants.slice(2));
    expect(await ended.take(elsewhere, until(NOW + 11))).toEqual([]);
    await ended.told(audience, grants.slice(2), NOW + 12);
    expect(await isDue(audience, NOW + DAY)).toBe(false);
    expect(await ended.take(elsewhere, until(NOW + DAY))).toEqual(others);
  });

  it('gives up what is too old, and says how much for whom', async () => {
    const [old, young] = [host(), host()];
    await endedAt(old, 2, NOW - 10 * DAY);
    await endedAt(young, 1, NOW - 8 * DAY);
    expect(await ended.giveUp(NOW - 9 * DAY)).toEqual([{ audience: old, visits: 2 }]);
    expect(await ended.giveUp(NOW - 9 * DAY)).toEqual([]);
    expect(await isDue(old, NOW)).toBe(false);
    expect(await isDue(young, NOW)).toBe(true);
  });

  it.each(['released', 'taken over by another user'])(
    'ends what somebody agreed to whose identity is %s: the next one has agreed to nothing (P3.8, D5)',
    async (how) => {
      const [sub, audience] = [randomUUID(), host()];
      const identities = createSqlHeldIdentityStore(subject.sql);
      const hold = (externalId: string, nowMs: number) =>
        identities.hold({ sub, provider: 'romm', externalId }, { nowMs, heldSinceMs: nowMs - DAY });
      await hold('user 1', NOW);
      await consents.give(consentOf(sub, { audience }));
      await hold('user 1', NOW + 1);
      expect(await consents.list(sub)).toHaveLength(1);
      const later = NOW + 2 * DAY;
      expect(how === 'released' ? await identities.release(sub, later) : await hold('user 2', later)).toBe(
        true,
      );
      expect(await otherConsents.list(sub)).toEqual([]);
      expect(await isDue(audience, later)).toBe(true);
    },
  );
}
