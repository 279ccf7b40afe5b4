import type { Finding } from '@romm-netplay/protocol';
import {
  leadTo,
  logsOf,
  makeReachable,
  NAMES,
  pathBelow,
  pathsIn,
  type ServiceName,
  withSiteUrl,
} from '../advice.js';
import { fault, ok, warning } from '../findings.js';
import { isDead } from '../http.js';
import type { Observed, ServiceFacts } from '../observe.js';
import { type Absence, absenceOf, isSilent, type StrangePaths, strangePathsOf } from '../strangeness.js';
import { unreachable } from './unreachable.js';

const SLOW_MS = 2_000;

/** Whether every path of both services is answered, and by the service. What keeps both away is said once. */
export function checkAnswers(observed: Observed): Finding[] {
  const both = commonAbsence(observed);
  if (both === undefined) return [...ofService('auth', observed), ...ofService('sfu', observed)];
  if (isSilent(both)) return [unreachable('auth-reachable', siteOf(observed), both)];
  return [
    strangeAnswers(
      { check: 'auth-answers', services: ['auth', 'sfu'], where: whereBoth(observed) },
      both,
      observed,
    ),
  ];
}

const siteOf = ({ auth }: Observed): string => new URL(auth.base).origin;

const whereBoth = ({ auth, sfu }: Observed): string =>
  auth.base === sfu.base ? auth.base : new URL(auth.base).origin;

/** What answers nothing of either service, where both are on one host and it is the same for both. */
function commonAbsence({ auth, sfu }: Observed): Absence | undefined {
  const [one, other] = [absenceOf(auth), absenceOf(sfu)];
  if (new URL(auth.base).origin !== new URL(sfu.base).origin) return undefined;
  const keyOf = (absence: Absence | undefined) => {
    if (absence === undefined) return undefined;
    return isSilent(absence) ? absence.reason : `${absence.how} ${absence.how === 'https' ? '' : absence.to}`;
  };
  // Two services that start, and two that RomM's page is in place of, take different words.
  const isSaidAlike =
    one !== undefined && (isSilent(one) || ['dead', 'https', 'redirect', 'sign-in'].includes(one.how));
  return isSaidAlike && keyOf(one) === keyOf(other) ? one : undefined;
}

function ofService(service: ServiceName, observed: Observed): Finding[] {
  const facts = observed[service];
  const { base } = facts;
  const absence = absenceOf(facts);
  if (isSilent(absence)) return [unreachable(`${service}-reachable`, base, absence)];
  const check = `${service}-answers`;
  const findings = [
    ...strangePathsOf(facts).map((paths) =>
      strangeAnswers({ check, services: [service], where: whereOf(base, paths) }, paths, observed),
    ),
    ...slowAnswers(service, observed),
  ];
  return findings.length > 0 ? findings : [ok(check, `${base} answers as ${NAMES[service]} does.`)];
}

function whereOf(base: string, { paths, isEveryPath }: StrangePaths): string {
  if (isEveryPath) return base;
  return paths.length === 1 ? `${base}${paths[0]}` : `${base}: ${paths.join(', ')}`;
}

function slowAnswers(service: ServiceName, observed: Observed): Finding[] {
  const { base, answers }: ServiceFacts = observed[service];
  const took = Object.values(answers).map((answer) => (answer.kind === 'answer' ? answer.tookMs : 0));
  const slowest = Math.max(...took);
  if (slowest <= SLOW_MS) return [];
  const needs = { auth: 'its database and Redis', sfu: 'its Redis' }[service];
  return [
    warning(
      `${service}-slow`,
      `${base} took ${(slowest / 1000).toFixed(1)} s to answer.`,
      `Look at the load of ${NAMES[service]} and of ${needs}, and at what lies between; players wait as long.`,
    ),
  ];
}

interface Said {
  readonly check: string;
  readonly services: readonly ServiceName[];
  readonly where: string;
}

/** What is wrong with paths that somebody else answers. */
function strangeAnswers(said: Said, strange: StrangePaths, observed: Observed): Finding {
  const { how, to, isEveryPath } = strange;
  const [service = 'auth'] = said.services;
  const names = said.services.map((each) => NAMES[each]).join(' and ');
  const status = strange.statuses.join(', ');
  const isOne = isEveryPath || strange.paths.length === 1;
  const [answer, redirect] = isOne ? ['answers', 'redirects'] : ['answer', 'redirect'];
  const led = { paths: strange.paths.map((path) => pathBelow(observed[service].base, path)), isEveryPath };
  const paths = pathsIn(led, observed);
  const wrong = (what: string, fix: string) => fault(said.check, `${said.where} ${what}`, fix);
  switch (how) {
    case 'starting':
      return wrong(
        `${answer} that ${names} is starting.`,
        `Wait a minute and run the doctor again. If it is starting still, its log says what it waits for${logsOf(said.services, observed)}.`,
      );
    case 'dead':
      return deadAnswers(said, `${answer} ${status}: the proxy does not reach ${names}`, observed);
    case 'https':
      return wrong(
        `${redirect} to https.`,
        withSiteUrl(
          `Run the doctor with ${siteOf(observed).replace(/^http:/, 'https:')}, and write https:// in AUTH_ISSUER and PUBLIC_URL; players send their tokens there.`,
          observed,
        ),
      );
    case 'redirect':
      return wrong(
        `${redirect} to ${to}; programs cannot follow that to a sign-in page.`,
        `Let the proxy answer ${paths} without redirect or sign-in: requests there show by themselves who sends them.`,
      );
    case 'sign-in':
      return wrong(
        `${answer} ${status} before ${names} is asked: something in front wants a sign-in of its own.`,
        `Let the proxy pass ${paths} without sign-in (basic auth, Authelia, forward auth); ${names} judges by token.`,
      );
    case 'page':
      return wrong(
        `${answer} an HTML page (${status}) where JSON should be: the proxy sends ${isOne ? 'this path' : 'these paths'} elsewhere, probably to RomM.`,
        leadTo(service, led, observed),
      );
    case 'other':
      return wrong(
        `${answer} ${status}, and not as ${names} does: another server answers, or the path arrives changed.`,
        `${leadTo(service, led, observed)} ${observed.besideRomm ? 'Leave the path as it is.' : 'Leave the path as it is; with SFU and auth on different URLs, check which is which.'}`,
      );
  }
}

/** Where RomM would be, and nobody answers either, it is more than our services that does not run. */
function deadAnswers({ check, services, where }: Said, what: string, observed: Observed): Finding {
  const isAll = services.length > 1 && isDead(observed.heartbeat);
  return fault(
    check,
    `${where} ${what}${isAll ? ', nor RomM if that is there' : ''}.`,
    makeReachable(services, { besideRomm: observed.besideRomm || isAll }),
  );
}
