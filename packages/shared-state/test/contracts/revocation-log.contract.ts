import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { RevocationLog } from '@romm-netplay/shared-state';

export interface RevocationLogUnderTest {
  readonly log: RevocationLog;
  /** A second log over the same state, as another process has it. */
  readonly other: RevocationLog;
  close(): Promise<void>;
}

const idsOf = (count: number, prefix = 's') =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`);

/** Reads page after page until there is nothing left, as a follower does. */
async function readAll(log: RevocationLog, from?: string) {
  const sessionRefs: string[] = [];
  for (let cursor = from; ;) {
    const page = await log.readAfter(cursor);
    cursor = page.cursor;
    sessionRefs.push(...page.sessionRefs);
    if (page.sessionRefs.length === 0) return { sessionRefs, cursor };
  }
}

/** What every RevocationLog does, whatever it keeps its entries in (P3.7). */
export function revocationLogContract(open: () => Promise<RevocationLogUnderTest>): void {
  let subject: RevocationLogUnderTest;
  beforeEach(async () => {
    subject = await open();
  });
  afterEach(() => subject.close());

  it('shows every reader what anybody appended, in the same order', async () => {
    const { log, other } = subject;
    await log.append(['a', 'b']);
    await other.append(['c']);
    const { sessionRefs } = await readAll(log);
    expect(sessionRefs).toEqual(['a', 'b', 'c']);
    expect((await readAll(other)).sessionRefs).toEqual(sessionRefs);
  });

  it('answers only what came after the cursor, and a cursor that stays when nothing did', async () => {
    const { log, other } = subject;
    const beginning = (await log.readAfter(undefined)).cursor;
    expect((await log.readAfter(beginning)).cursor).toBe(beginning);
    await log.append(['a']);
    const { cursor } = await readAll(other, beginning);
    expect(await other.readAfter(cursor)).toEqual({ sessionRefs: [], cursor });
    await log.append(['b', 'b']);
    expect((await readAll(other, cursor)).sessionRefs).toEqual(['b', 'b']);
    // A cursor belongs to nobody: any process may go on from it.
    expect((await readAll(log, cursor)).sessionRefs).toEqual(['b', 'b']);
    expect((await readAll(log, beginning)).sessionRefs).toEqual(['a', 'b', 'b']);
  });

  it('leaves nothing out over many pages', async () => {
    const { log, other } = subject;
    const ids = idsOf(2_500);
    await log.append(ids);
    expect((await readAll(other)).sessionRefs).toEqual(ids);
  });

  it('keeps the order of writers that append at the same time, and loses none', async () => {
    const { log, other } = subject;
    await Promise.all(
      Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? log : other).append(idsOf(5, `${index}-`))),
    );
    const { sessionRefs } = await readAll(log);
    expect(new Set(sessionRefs).size).toBe(100);
    expect((await readAll(other)).sessionRefs).toEqual(sessionRefs);
  });

  it('takes an empty append for none', async () => {
    await subject.log.append([]);
    expect((await subject.log.readAfter(undefined)).sessionRefs).toEqual([]);
  });
}
