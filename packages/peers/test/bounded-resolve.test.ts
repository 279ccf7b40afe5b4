import { expect, it } from '@jest/globals';
import { createBoundedResolve } from '@romm-netplay/peers';

/** Look-ups that end when the test says so. */
function heldResolver() {
  const held = new Map<string, { answer(): void; fail(): void }>();
  return {
    started: () => [...held.keys()],
    end: (name: string, how: 'answer' | 'fail' = 'answer') => held.get(name)?.[how](),
    resolve: (name: string) =>
      new Promise<readonly string[]>((resolve, reject) => {
        held.set(name, {
          answer: () => resolve([`address of ${name}`]),
          fail: () => reject(new Error('ENOTFOUND')),
        });
      }),
  };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

it('leaves threads of the pool free: two look-ups at once, the others in turn', async () => {
  const resolver = heldResolver();
  const bounded = createBoundedResolve(resolver.resolve, 2);
  const answers = ['a', 'b', 'c', 'd'].map((name) => bounded(name));
  expect(resolver.started()).toEqual(['a', 'b']);
  resolver.end('b');
  expect(await answers[1]).toEqual(['address of b']);
  await settled();
  expect(resolver.started()).toEqual(['a', 'b', 'c']);
  resolver.end('c', 'fail');
  await expect(answers[2]).rejects.toThrow('ENOTFOUND');
  await settled();
  expect(resolver.started()).toEqual(['a', 'b', 'c', 'd']);
  for (const name of ['a', 'd']) resolver.end(name);
  await Promise.all([answers[0], answers[3]]);
  // Nothing of what came before holds a place.
  void bounded('e').catch(() => undefined);
  void bounded('f').catch(() => undefined);
  expect(resolver.started()).toContain('f');
});

it('P2.8: asks once for a name at a time, and names that were slow never take all the turns', async () => {
  const resolver = heldResolver();
  let nowMs = 0;
  const bounded = createBoundedResolve(resolver.resolve, 2, () => nowMs);
  const first = ['dead-1', 'dead-2'].map((name) => bounded(name));
  const asked = [bounded('dead-1'), bounded('good')];
  expect(resolver.started()).toEqual(['dead-1', 'dead-2']);
  nowMs = 10_000;
  for (const name of ['dead-1', 'dead-2']) resolver.end(name, 'fail');
  for (const answer of [...first, asked[0]!]) await expect(answer).rejects.toThrow('ENOTFOUND');
  await settled();
  resolver.end('good');
  await asked[1];
  // Dead ones again, as many as like; the other turn stays free for whoever is quick.
  const again = ['dead-1', 'dead-2'].map((name) => bounded(name));
  for (const name of ['good-1', 'good-2']) {
    const answer = bounded(name);
    expect(resolver.started()).toContain(name);
    resolver.end(name);
    expect(await answer).toEqual([`address of ${name}`]);
  }
  // Quick once more, so it counts as that.
  for (const name of ['dead-1', 'dead-2']) {
    resolver.end(name);
    await settled();
  }
  expect(await Promise.all(again)).toHaveLength(2);
  const recovered = ['dead-1', 'dead-2'].map((name) => bounded(name));
  for (const name of ['dead-1', 'dead-2']) resolver.end(name);
  expect(await Promise.all(recovered)).toHaveLength(2);
});
