import { lineErrorOf } from './line-error.js';
import type { Logger } from './logger.js';

/** Something that is done again and again, and may fail for a while. */
export interface Lapse {
  onError(error: unknown): void;
  onMended(): void;
}

export interface LapseWords {
  readonly failing: string;
  readonly mended: string;
  readonly level?: 'error' | 'warn';
}

/** Makes a lapse of each thing that is done again and again; `details` stand in each of its lines. */
export type Lapses = (words: LapseWords, details?: Readonly<Record<string, unknown>>) => Lapse;

/**
 * A line when something begins to fail and one when it works again, however often it is tried in between. What fails
 * because of something that has lines of its own is not told again (`isToldElsewhere`). Ends at a level that nodes log
 * by default: who reads of trouble is to read of its end.
 */
export function createLapses(log: Logger, isToldElsewhere: (error: unknown) => boolean): Lapses {
  return ({ failing, mended, level = 'error' }, details = {}) => {
    let told = false;
    return {
      onError(error) {
        const isNew = !told && !isToldElsewhere(error);
        told ||= isNew;
        log[isNew ? level : 'debug']({ ...details, ...whyOf(error) }, failing);
      },
      onMended() {
        if (told) log.warn(details, mended);
        told = false;
      },
    };
  };
}

/** The same for many of a kind, one for each key. */
export function createLapsesByKey(lapseOf: (key: string) => Lapse) {
  const lapses = new Map<string, Lapse>();
  return {
    onError(error: unknown, key: string): void {
      const lapse = lapses.get(key) ?? lapseOf(key);
      lapses.set(key, lapse);
      lapse.onError(error);
    },
    onMended(key: string): void {
      lapses.get(key)?.onMended();
      lapses.delete(key);
    },
  };
}

/** For those who follow all of a kind, and each of them: one for all, and one for each key. */
export function peerLines(
  lapses: Lapses,
  { all, one }: { readonly all: LapseWords; readonly one: LapseWords },
) {
  const ofAll = lapses(all);
  const ofOne = createLapsesByKey((peer) => lapses(one, { peer }));
  return {
    onError: (error: unknown, peer?: string): void =>
      peer === undefined ? ofAll.onError(error) : ofOne.onError(error, peer),
    onMended: (peer?: string): void => (peer === undefined ? ofAll.onMended() : ofOne.onMended(peer)),
  };
}

/** Every error with what caused it, outermost first. */
export function* causesOf(error: unknown): Generator {
  for (let each = error; each !== undefined && each !== null; each = (each as { cause?: unknown }).cause) {
    yield each;
  }
}

const MAX_REASON_LENGTH = 500;
const BUGS = [TypeError, RangeError, ReferenceError, SyntaxError];

/**
 * Why something failed, for a line of the log: words for what may happen, the error with its stack for what is a bug.
 */
export function whyOf(error: unknown): { err: unknown } | { reason: string; code?: string } {
  const { trouble } = error as { trouble?: { code: string; message: string } };
  if (trouble !== undefined) return { reason: trouble.message, code: trouble.code };
  const line = lineErrorOf(error);
  // That fetch got no answer is a TypeError as well.
  if (BUGS.some((bug) => error instanceof bug) && line === 'no answer') return { err: error };
  const words = [...causesOf(error)].map((each) => (each instanceof Error ? each.message : String(each)));
  const said = [...new Set(words)].filter((each) => each !== '').join(': ');
  const reason = line.startsWith('no answer') || said.includes(line) ? said : `${said} (${line})`;
  const { code } = error as { code?: unknown };
  return { reason: reason.slice(0, MAX_REASON_LENGTH), ...(typeof code === 'string' && { code }) };
}
