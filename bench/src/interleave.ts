import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** One of several ways to do the same thing. */
export interface Contender<M extends string> {
  readonly name: string;
  /** Makes ready what a round uses up and answers the round, which alone is measured. */
  prepare(): Round<M> | Promise<Round<M>>;
}

/** Does the thing for a short while and answers what it measured. */
export type Round<M extends string> = () => Promise<Record<M, number>>;

export interface Plan {
  readonly rounds: number;
  /** Rounds that are run and thrown away: compilation, connections, page cache. */
  readonly warmUpRounds: number;
  readonly onRound?: (done: number, total: number) => void;
}

/** What was measured, a sample a round; samples of the same round belong together. */
export interface Results<M extends string> {
  readonly names: readonly string[];
  median(name: string, measure: M): number;
  /** Half the distance between the quartiles, relative to the median: how restless the machine was. */
  spread(name: string, measure: M): number;
  /**
   * Median of the ratios of each round: what slows a whole round down, or speeds it up, drops out, which it
   * does not in a ratio of medians.
   */
  ratio(name: string, baseline: string, measure: M): number;
}

/**
 * Measures all contenders in one run, a short round of each in turn and in shuffled order, so that whatever
 * else the machine does meets all of them alike. Only ratios between the results are worth comparing.
 */
export async function interleave<M extends string>(
  contenders: readonly Contender<M>[],
  { rounds, warmUpRounds, onRound }: Plan,
): Promise<Results<M>> {
  const samples = new Map<string, Record<M, number>[]>(contenders.map(({ name }) => [name, []]));
  const total = rounds + warmUpRounds;
  for (let round = 0; round < total; round += 1) {
    const measures: Round<M>[] = [];
    for (const contender of contenders) measures.push(await contender.prepare());
    collectGarbage();
    for (const index of shuffled(contenders.length)) {
      const sample = await measures[index]!();
      if (round >= warmUpRounds) samples.get(contenders[index]!.name)!.push(sample);
    }
    onRound?.(round + 1, total);
  }
  return summarize(samples);
}

/** Calls `operation` for about `durationMs`, one after another, and answers calls per second. */
export async function callsPerSecond(
  operation: (index: number) => unknown,
  durationMs: number,
): Promise<number> {
  const startedAt = performance.now();
  let calls = 0;
  let elapsedMs = 0;
  while (elapsedMs < durationMs) {
    // The clock costs as much as a cache hit, so it is read once a batch.
    for (let i = 0; i < 32; i += 1) {
      const outcome = operation(calls);
      if (outcome instanceof Promise) await outcome;
      calls += 1;
    }
    elapsedMs = performance.now() - startedAt;
  }
  return (calls * 1000) / elapsedMs;
}

setFlagsFromString('--expose-gc');
/** What the preparations left behind is not to be cleared away at the expense of a measurement. */
export const collectGarbage = runInNewContext('gc') as () => void;

/** Linear interpolation between the closest ranks; `fraction` from 0 to 1. */
export function quantile(values: readonly number[] | Float64Array, fraction: number): number {
  if (values.length === 0) throw new TypeError('There is no quantile of nothing.');
  const sorted = Float64Array.from(values).sort();
  const rank = (sorted.length - 1) * fraction;
  const below = sorted[Math.floor(rank)]!;
  return below + (sorted[Math.ceil(rank)]! - below) * (rank % 1);
}

function summarize<M extends string>(samples: ReadonlyMap<string, readonly Record<M, number>[]>): Results<M> {
  const valuesOf = (name: string, measure: M) => {
    const ofName = samples.get(name);
    if (ofName === undefined) throw new TypeError(`Nothing called "${name}" was measured.`);
    return ofName.map((sample) => sample[measure]);
  };
  return {
    names: [...samples.keys()],
    median: (name, measure) => quantile(valuesOf(name, measure), 0.5),
    spread(name, measure) {
      const values = valuesOf(name, measure);
      return (quantile(values, 0.75) - quantile(values, 0.25)) / 2 / quantile(values, 0.5);
    },
    ratio(name, baseline, measure) {
      const base = valuesOf(baseline, measure);
      const ratios = valuesOf(name, measure).map((value, round) => value / base[round]!);
      return quantile(ratios, 0.5);
    },
  };
}

/** The numbers below `count` in random order (Fisher-Yates). */
function shuffled(count: number): number[] {
  const order = Array.from({ length: count }, (_, index) => index);
  for (let last = count - 1; last > 0; last -= 1) {
    const other = Math.floor(Math.random() * (last + 1));
    [order[last], order[other]] = [order[other]!, order[last]!];
  }
  return order;
}
