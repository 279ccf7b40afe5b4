/** Many who bring RomM's session, or what looks like one; and clocks that differ: N2, R3. */
import { describe, expect, it } from '@jest/globals';
import { eventually } from '@romm-netplay/testing';
import { randomUUID } from 'node:crypto';
import request from 'supertest';
import { ORIGIN, type RommInstance } from './support/romm-instance.js';
import { connected, listRooms, refusalOf } from './support/romm-page.js';
import { QUICK, useRomm } from './support/use-romm.js';

let instance: RommInstance;
const useInstance = (options?: Parameters<typeof useRomm>[1]) =>
  useRomm((started) => (instance = started), options);

const list = (headers: Record<string, string>) => listRooms(instance, headers);

describe('an address', () => {
  useInstance({ rommTiming: { localMs: 0 } });

  it('that goes on asking with a session that has ended may sign in again', async () => {
    const { session, cookie } = instance.signIn('ada');
    expect((await list({ cookie })).status).toBe(200);
    instance.romm.revoke(session);
    instance.pass(60_000);
    for (let i = 0; i < 70; i += 1) expect((await list({ cookie })).status).toBe(401);
    expect((await list({ cookie: instance.signIn('ada').cookie })).status).toBe(200);
  });

  it('that tries many sessions is not passed on to RomM for ever', async () => {
    let asked = 0;
    const statuses = new Set<number>();
    for (let i = 0; i < 140; i += 1) {
      statuses.add((await list({ cookie: `romm_session=${randomUUID()}` })).status);
      asked = instance.romm.requests.length;
    }
    expect([...statuses].sort()).toEqual([401, 429]);
    expect(asked).toBeLessThan(190);
  });

  it('that tries them all at once, and again, is not either; RomM is asked a few at a time', async () => {
    const before = instance.romm.requests.length;
    const address = { 'x-forwarded-for': '203.0.113.9' };
    const cookies = Array.from({ length: 300 }, () => `romm_session=${randomUUID()}`);
    instance.romm.behave({ delayMs: 100 });
    for (let round = 0; round < 2; round += 1) {
      const statuses = await Promise.all(
        cookies.map(async (cookie) => (await list({ cookie, ...address })).status),
      );
      expect([...new Set(statuses)].sort()).toEqual(round === 0 ? [401, 429] : [429]);
    }
    instance.romm.behave({ delayMs: 0 });
    expect(instance.romm.requests.length - before).toBeLessThanOrEqual(120);
    expect(instance.romm.load.most).toBeLessThanOrEqual(16);
  });

  it('of strangers keeps nobody out who is known there, nor anybody elsewhere', async () => {
    const address = { 'x-forwarded-for': '2001:db8::1' };
    const { cookie } = instance.signIn('eve');
    expect((await list({ cookie, ...address })).status).toBe(200);
    const others = Array.from({ length: 150 }, (_, i) => ({ 'x-forwarded-for': `2001:db8::${i}:2` }));
    const tried = await Promise.all(
      others.map(async (each) => (await list({ cookie: `romm_session=${randomUUID()}`, ...each })).status),
    );
    expect(tried).toContain(429);
    expect((await list({ cookie, ...address })).status).toBe(200);
    await connected(instance.socket({ cookie, ...address }));
    const fay = instance.signIn('fay').cookie;
    expect((await list({ cookie: fay, ...address })).status).toBe(429);
    expect((await list({ cookie: fay, 'x-forwarded-for': '2001:db8:1::1' })).status).toBe(200);
  });

  it('cannot make auth ask RomM without end either', async () => {
    const before = instance.romm.requests.length;
    const mint = (cookie: string) =>
      request(instance.authUrl)
        .post('/api/sfu/token')
        .set({ cookie, origin: ORIGIN, 'x-forwarded-for': '203.0.113.77' });
    const statuses = new Set<number>();
    for (let i = 0; i < 140; i += 1) statuses.add((await mint(`romm_session=${randomUUID()}`)).status);
    expect([...statuses].sort()).toEqual([403, 429]);
    expect(instance.romm.requests.length - before).toBeLessThanOrEqual(120);
  });
});

describe('many players at once', () => {
  useInstance({ rommTiming: { ...QUICK, checkMs: 1_000 } });

  it('come in one after another, and are asked for again spread over the time', async () => {
    instance.romm.behave({ delayMs: 20 });
    const names = Array.from({ length: 60 }, (_, i) => `player-${i}`);
    const sockets = await Promise.all(
      names.map((name) => connected(instance.socket({ cookie: instance.signIn(name).cookie }))),
    );
    const before = instance.romm.requests.length;
    await eventually(() => instance.romm.requests.length > before + 3 * names.length);
    expect(sockets.every(({ connected: isOpen }) => isOpen)).toBe(true);
    expect(instance.romm.load.most).toBeLessThanOrEqual(16);
  }, 240_000);
});

describe('auth and a node whose clocks differ', () => {
  useInstance({ nodeAheadMs: -120_000, rommTiming: QUICK });

  it('say so to nobody as if it were the player’s fault', async () => {
    const { cookie } = instance.signIn('ada');
    const { status, body } = await list({ cookie });
    expect([status, body.detail]).toEqual([503, expect.stringMatching(/clocks of this server differ/)]);
    expect(await refusalOf(instance.socket({ cookie }))).toMatch(/clocks of this server differ/);
  });
});
