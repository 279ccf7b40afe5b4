import { PUBLIC_PREFIX, STARTING_CODE } from '@romm-netplay/protocol';
import { type Answer, isDead } from '../http.js';

/**
 * Whose the root of a host is: RomM's, whose paths there are never ours though they have the same names; not to be
 * seen, because somebody else answers there for whom it is; or anybody's.
 */
export type Root = 'romm' | 'unseen' | 'free';

export interface FindOptions {
  readonly url: string;
  /** What its answer has. */
  readonly member: string;
  readonly root: Root;
  readonly ask: (url: string) => Promise<Answer>;
}

export interface Found {
  /** Where its paths begin. */
  readonly base: string;
  readonly answer: Answer;
}

/**
 * Where a service is. On RomM's host that is below a prefix, found there or not. Elsewhere it is where the service
 * answers; else where a proxy leads to it in vain; else below the prefix if RomM may be there, and else at the URL.
 */
export async function findService({ url, member, root, ask }: FindOptions): Promise<Found> {
  const prefixed = url.endsWith(PUBLIC_PREFIX) ? url : `${url}${PUBLIC_PREFIX}`;
  if (root === 'romm' || prefixed === url) return { base: prefixed, answer: await ask(prefixed) };
  const here = { base: url, answer: await ask(url) };
  const isIt = ({ answer }: Found) =>
    answer.kind === 'answer' &&
    (typeof answer.json?.[member] === 'string' || answer.json?.['code'] === STARTING_CODE);
  if (here.answer.kind === 'none' || isIt(here)) return here;
  const below = { base: prefixed, answer: await ask(prefixed) };
  if (isIt(below) || root === 'unseen') return below;
  return isDead(below.answer) && !isDead(here.answer) ? below : here;
}
