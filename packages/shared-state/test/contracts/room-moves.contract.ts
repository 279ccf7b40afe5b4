import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { MAX_MOVE_BYTES, type RoomMoves } from '@romm-netplay/shared-state';

export interface RoomMovesUnderTest {
  readonly moves: RoomMoves;
  /** A second view of the same state, as another process has it. */
  readonly other: RoomMoves;
  /** Lets at least this much time pass. */
  pass(ms: number): Promise<void>;
  close(): Promise<void>;
}

/** What every RoomMoves does, whatever it keeps the states in (P2.10). */
export function roomMovesContract(open: () => Promise<RoomMovesUnderTest>): void {
  let subject: RoomMovesUnderTest;
  beforeEach(async () => {
    subject = await open();
  });
  afterEach(() => subject.close());

  it('hands a state to whoever takes it first, and to nobody else', async () => {
    expect(await subject.moves.put('friday', '{"name":"ü"}', 60_000)).toBe('stored');
    const taken = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        (index % 2 === 0 ? subject.moves : subject.other).take('friday'),
      ),
    );
    expect(taken.filter((state) => state !== undefined)).toEqual(['{"name":"ü"}']);
  });

  it('knows nothing of rooms that are not under way', async () => {
    await subject.moves.put('friday', 'state', 60_000);
    expect(await subject.other.take('saturday')).toBeUndefined();
  });

  it('keeps the newest state of a name, whatever the name is', async () => {
    for (const name of ['__proto__', 'a:b{c}', '日本', ' ', '%2F']) {
      await subject.moves.put(name, 'older', 60_000);
      await subject.moves.put(name, name, 60_000);
      expect(await subject.other.take(name)).toBe(name);
    }
  });

  it('forgets a state that nobody takes', async () => {
    await subject.moves.put('friday', 'state', 50);
    await subject.pass(100);
    expect(await subject.other.take('friday')).toBeUndefined();
  });

  it('stores nothing that is too large (R3)', async () => {
    expect(await subject.moves.put('friday', 'x'.repeat(MAX_MOVE_BYTES), 60_000)).toBe('stored');
    expect(await subject.moves.put('saturday', 'ü'.repeat(MAX_MOVE_BYTES / 2 + 1), 60_000)).toBe('too-large');
    expect(await subject.other.take('saturday')).toBeUndefined();
  });
}
