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
