import { STARTING_CODE } from '@romm-netplay/protocol';
import { quoteLocation } from './findings.js';
import { type HttpAnswer, isDead, type NoAnswer } from './http.js';
import type { ServiceFacts } from './observe.js';

const HTML = /^\s*<(?:!doctype|html)/i;

export const isHtml = ({ headers, text }: HttpAnswer): boolean =>
  headers.get('content-type')?.includes('html') === true || HTML.test(text);

/** The code of a refusal, when a service here refused. */
export function codeOf({ json }: HttpAnswer): string | undefined {
  const code = json?.['code'];
  return typeof code === 'string' && /^[a-z_]{1,64}$/.test(code) ? code : undefined;
}

/** Whether polling began a session of Socket.IO. */
export const isSession = ({ text }: HttpAnswer): boolean => /^\d?\{"sid"/.test(text);

/** How an answer is not the one that a service gives when it is asked there. */
export interface Strangeness {
  readonly how: 'starting' | 'dead' | 'https' | 'redirect' | 'sign-in' | 'page' | 'other';
  readonly status: number;
  /** Where a redirect leads. */
  readonly to: string;
}

/** Undefined: it is the service's. */
export function strangenessOf(answer: HttpAnswer): Strangeness | undefined {
  const code = codeOf(answer);
  const { status, headers, url } = answer;
  const to = status >= 300 && status < 400 ? quoteLocation(headers.get('location'), url) : '';
  const strange = (how: Strangeness['how']) => ({ how, status, to });
  if (code === STARTING_CODE) return strange('starting');
  if (code !== undefined) return code === 'not_found' ? strange('other') : undefined;
  if (status === 200 && answer.json !== undefined) return undefined;
  if (to !== '') {
    const isToHttps = url.startsWith('http:') && to.startsWith(withoutQuery(url).replace(/^http:/, 'https:'));
    return strange(isToHttps ? 'https' : 'redirect');
  }
  if (isDead(answer)) return strange('dead');
  if (status === 401 || status === 403) return strange('sign-in');
  return strange(isHtml(answer) ? 'page' : 'other');
}

const withoutQuery = (url: string): string => url.replace(/[?#].*$/, '');

/** Paths of a service that somebody else answers in the same way. */
export interface StrangePaths extends Pick<Strangeness, 'how' | 'to'> {
  readonly paths: readonly string[];
  readonly statuses: readonly number[];
  /** Whether it is all that were asked. */
  readonly isEveryPath: boolean;
}

/** The paths of a service that it does not answer itself, together where it is for the same reason. */
export function strangePathsOf({ answers }: ServiceFacts): StrangePaths[] {
  const all = Object.entries(answers).flatMap(([path, answer]) => {
    const strangeness = answer.kind === 'answer' ? strangenessOf(answer) : undefined;
    return strangeness === undefined ? [] : [{ path, ...strangeness }];
  });
  // A proxy that sends everything to https names each path.
  const keyOf = ({ how, to }: Strangeness) => (how === 'https' ? how : `${how} ${to}`);
  return [...new Set(all.map(keyOf))].map((key) => {
    const same = all.filter((each) => keyOf(each) === key);
    return {
      how: same[0]?.how ?? 'other',
      to: same[0]?.to ?? '',
      paths: same.map(({ path }) => path),
      statuses: [...new Set(same.map(({ status }) => status))],
      isEveryPath: same.length === Object.keys(answers).length,
    };
  });
}

/** Why nothing can be seen of a service: nobody answers, or the same in its place everywhere. */
export type Absence = NoAnswer | StrangePaths;

export function absenceOf(facts: ServiceFacts): Absence | undefined {
  const silent = Object.values(facts.answers).find(({ kind }) => kind === 'none');
  if (silent?.kind === 'none') return silent;
  return strangePathsOf(facts).find(({ isEveryPath }) => isEveryPath);
}

export const isSilent = (absence: Absence | undefined): absence is NoAnswer =>
  absence !== undefined && 'kind' in absence;
