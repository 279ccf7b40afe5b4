import { afterEach, expect, it } from '@jest/globals';
import { checkReadiness, ComponentTrouble, followNeighbour, type Neighbour } from '@romm-netplay/service-kit';
import { eventually } from '@romm-netplay/testing';

const told: string[] = [];
let looks = 0;
let neighbour: Neighbour | undefined;
afterEach(() => {
  neighbour?.close();
  told.length = looks = 0;
});

/** What the neighbour is found to be from now on; undefined: well. */
let trouble: string | undefined;
function follow(more: { wellMs?: number; look?: () => Promise<void> } = {}): Neighbour {
  neighbour = followNeighbour({
    look() {
      looks += 1;
      return trouble === undefined
        ? Promise.resolve()
        : Promise.reject(new ComponentTrouble(trouble, `It is ${trouble}.`));
    },
    troubledMs: 5,
    onTrouble: ({ code }) => told.push(code),
    onMended: () => told.push('mended'),
    ...more,
  });
  return neighbour;
}
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

it('is looked at from the start; what is wrong is told once, and once that it is mended', async () => {
  trouble = 'away';
  follow();
  await eventually(() => looks > 4);
  expect(told).toEqual(['away']);
  trouble = 'strange';
  await eventually(() => told.length > 1);
  trouble = undefined;
  await eventually(() => told.length > 2);
  expect(told).toEqual(['away', 'strange', 'mended']);
});

it('is left in peace while it is well, unless it is to be followed', async () => {
  trouble = undefined;
  follow();
  await sleep(50);
  expect({ looks, told }).toEqual({ looks: 1, told: [] });
  neighbour?.close();
  follow({ wellMs: 5 });
  await eventually(() => looks > 4);
  expect(told).toEqual([]);
});

it('is asked at most once a second by those who check', async () => {
  trouble = undefined;
  const { check } = follow();
  expect(await check()).toEqual(expect.any(Number));
  await Promise.all(Array.from({ length: 20 }, check));
  expect(looks).toBe(1);
  await sleep(1_050);
  trouble = 'away';
  await expect(check()).rejects.toMatchObject({ code: 'away' });
});

it('keeps nobody waiting while it hangs: its last word counts', async () => {
  const startedAt = performance.now();
  const { check } = follow({ look: () => new Promise(() => undefined) });
  await expect(check()).rejects.toMatchObject({ code: 'no_answer_yet' });
  expect(performance.now() - startedAt).toBeLessThan(900);
});

it('leaves a service ready that does a part of its work without it, and says why it is down', async () => {
  const down: string[] = [];
  const onDown = (name: string) => void down.push(name);
  const up: string[] = [];
  const onUp = (name: string) => void up.push(name);
  const away = () => Promise.reject(new ComponentTrouble('away', 'It is away.'));
  const broken = () => Promise.reject(new Error('at 10.0.0.7 with password hunter2'));
  const well = () => Promise.resolve(1.234);
  expect(
    await checkReadiness({ checks: { state: well }, partChecks: { other: away }, onDown, onUp }, ['Mind.']),
  ).toEqual({
    status: 'ready',
    components: {
      state: { state: 'up', latency_ms: 1.23 },
      other: { state: 'down', latency_ms: 0, code: 'away', detail: 'It is away.' },
    },
    warnings: ['Mind.'],
  });
  expect(await checkReadiness({ checks: { state: broken }, onDown, onUp }, [])).toMatchObject({
    status: 'unready',
    components: { state: { state: 'down', detail: 'does not answer' } },
  });
  // Whoever follows a neighbour logs once by himself.
  expect({ down, up }).toEqual({ down: ['state'], up: ['state'] });
});
