import { setTimeout as sleep } from 'node:timers/promises';
import { type ComponentCheck, ComponentTrouble } from './readiness.js';

/** Another service, without which this one does a part of its work. */
export interface Neighbour {
  /** For a readiness check: its last word where it takes long, so that nobody waits for it. */
  readonly check: ComponentCheck;
  close(): void;
}

export interface NeighbourOptions {
  /** Asks it once, within a bounded time. Rejects with a ComponentTrouble where it is of no use. */
  readonly look: () => Promise<void>;
  /** How often it is looked at while there is trouble. */
  readonly troubledMs: number;
  /** The same while there is none; if not given, when somebody checks. */
  readonly wellMs?: number;
  /** Told once when trouble begins, or becomes another. */
  readonly onTrouble: (trouble: ComponentTrouble) => void;
  /** Told once when it is over. */
  readonly onMended: () => void;
}

/** Whoever checks waits for so long, which is less than orchestrators wait for an answer. */
const PATIENCE_MS = 400;
/** Anybody may check, so a look counts for a moment. */
const FRESH_MS = 1_000;

interface Word {
  readonly trouble: ComponentTrouble | undefined;
  readonly tookMs: number;
  readonly atMs: number;
}

/** Looks at a neighbour from now on, and says once what is wrong with it and once that it is mended. */
export function followNeighbour(options: NeighbourOptions): Neighbour {
  let word: Word | undefined;
  let looking: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  async function look(): Promise<void> {
    const startedAt = performance.now();
    const trouble = await options.look().then(() => undefined, asTrouble);
    if (closed) return;
    const before = word?.trouble;
    const atMs = performance.now();
    word = { trouble, tookMs: atMs - startedAt, atMs };
    if (trouble === undefined && before !== undefined) options.onMended();
    if (trouble !== undefined && trouble.code !== before?.code) options.onTrouble(trouble);
    const nextMs = trouble === undefined ? options.wellMs : options.troubledMs;
    clearTimeout(timer);
    if (nextMs !== undefined) timer = setTimeout(() => void lookOnce(), nextMs).unref();
  }
  function lookOnce(): Promise<void> {
    looking ??= look().finally(() => (looking = undefined));
    return looking;
  }
  void lookOnce();

  return {
    async check() {
      if (word === undefined || performance.now() - word.atMs > FRESH_MS) {
        await Promise.race([lookOnce(), sleep(PATIENCE_MS, undefined, { ref: false })]);
      }
      if (word === undefined) throw new ComponentTrouble('no_answer_yet', 'It has not answered yet.');
      if (word.trouble !== undefined) throw word.trouble;
      return word.tookMs;
    },
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}

const asTrouble = (error: unknown): ComponentTrouble =>
  error instanceof ComponentTrouble
    ? error
    : new ComponentTrouble('no_answer', 'It does not answer.', { cause: error });
