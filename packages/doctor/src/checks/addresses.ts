import { type Finding, PUBLIC_PREFIX } from '@romm-netplay/protocol';
import { fault, ok, quote, skipped, warning } from '../findings.js';
import { pathBelow, type Setting, withSiteUrl } from '../advice.js';
import type { Answer } from '../http.js';
import type { Observed } from '../observe.js';
import { hasDoubledHost, isLoopback, isSameOrigin, isSecure } from '../urls.js';

/** What is wrong with a URL before anything is asked. Findings of status fault: asking is of no use. */
export function checkGivenUrl(check: 'auth-url' | 'sfu-url', url: string): Finding[] {
  if (hasDoubledHost(url)) {
    return [
      fault(
        check,
        `${quote(url)} holds its host twice.`,
        withSiteUrl(
          'Write it once: https://romm.example.org. If it comes from PUBLIC_URL or AUTH_ISSUER, mend it there.',
          { besideRomm: url.includes(PUBLIC_PREFIX) },
        ),
      ),
    ];
  }
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    return [
      fault(
        check,
        `${quote(url)} is no URL.`,
        'Write all of it, with https:// or http://, such as https://romm.example.org.',
      ),
    ];
  }
  return [];
}

const stringOf = (answer: Answer, member: string): string | undefined => {
  const value = answer.kind === 'answer' ? answer.json?.[member] : undefined;
  return typeof value === 'string' ? value : undefined;
};

/** Whether auth, the node and the players mean the same issuer. */
export function checkIssuer(observed: Observed): Finding[] {
  const { auth, sfu } = observed;
  const issuer = stringOf(auth.configuration, 'issuer');
  if (issuer === undefined) return [skipped('issuer', 'Auth does not say which issuer it is.')];
  const findings = [
    ...issuerForm(observed, issuer),
    ...keysUrl(auth.base, issuer, stringOf(auth.configuration, 'jwks_uri')),
  ];
  const trusted = stringOf(sfu.echo, 'issuer');
  if (trusted !== undefined && trusted !== issuer) {
    findings.push(
      fault(
        'issuer',
        `Auth mints tokens as ${quote(issuer)}, the SFU takes those of ${quote(trusted)}: every token is refused.`,
        withSiteUrl(
          `Set AUTH_ISSUER of the SFU to ${quote(issuer)}, letter by letter; ROMM_API_BASE_URL says where it reaches auth.`,
          observed,
        ),
      ),
    );
  }
  if (findings.length > 0) return findings;
  return [
    ok(
      'issuer',
      `Auth mints tokens as ${quote(issuer)}${trusted === undefined ? '' : ', and the SFU takes them'}.`,
    ),
  ];
}

function issuerForm({ auth: { base }, rommHere, besideRomm }: Observed, issuer: string): Finding[] {
  const wrong = (judge: typeof fault, what: string, fix: string) => [
    judge('issuer', `Auth calls itself ${quote(issuer)}, ${what}.`, withSiteUrl(fix, { besideRomm })),
  ];
  if (hasDoubledHost(issuer) || !URL.canParse(issuer)) {
    const what = hasDoubledHost(issuer) ? 'which holds its host twice' : 'which is no URL';
    return wrong(fault, what, `Set AUTH_ISSUER of auth and of every node to the URL of auth, once: ${base}.`);
  }
  if (isSameOrigin(issuer, base)) {
    // On a host of its own a proxy may take a path away; beside RomM, what has no path is RomM's.
    if (!rommHere || new URL(issuer).pathname === new URL(base).pathname) return [];
    return wrong(
      warning,
      `but is at ${base}: whoever looks for it by its name finds RomM`,
      `Set AUTH_ISSUER of auth and of every node to ${base}.`,
    );
  }
  if (isLoopback(issuer) && !isLoopback(base)) {
    return wrong(
      fault,
      "which on a player's machine is that machine",
      `Set AUTH_ISSUER of auth and of every node to what players use: ${base}.`,
    );
  }
  return wrong(
    warning,
    `but was asked at ${base}`,
    `If players use ${base}, set AUTH_ISSUER of auth and of every node to it; else run the doctor with ${quote(new URL(issuer).origin)}.`,
  );
}

function keysUrl(base: string, issuer: string, url: string | undefined): Finding[] {
  if (url?.startsWith(`${issuer}/`) === true && !hasDoubledHost(url)) return [];
  return [
    fault(
      'issuer',
      `The configuration of auth names keys at ${quote(url)}, not below its issuer: it is changed on the way, or of another server.`,
      `Make the proxy pass ${pathBelow(base, '/.well-known/')} to auth and leave the body as it is (no sub_filter).`,
    ),
  ];
}

/** Where the node tells players to find it. */
export function checkNodeUrl({ sfu, rommHere, besideRomm }: Observed): Finding[] {
  const { base, echo } = sfu;
  const url = stringOf(echo, 'url');
  const check = 'node-url';
  if (url === undefined) return [skipped(check, 'The SFU does not say where players are sent.')];
  const said = (judge: typeof fault, what: string, fix: string) => [
    judge(check, `The SFU sends players to ${quote(url)}, ${what}.`, withSiteUrl(fix, { besideRomm })),
  ];
  const set = `Set PUBLIC_URL of this node to what players use, e.g. ${base}.`;
  if (hasDoubledHost(url)) return said(fault, 'which holds its host twice', set);
  if (isLoopback(url) && !isLoopback(base)) {
    return said(fault, 'which is their own machine', set);
  }
  const isPathOfRomm =
    rommHere && URL.canParse(url) && new URL(url).pathname.replace(/\/$/, '') !== new URL(base).pathname;
  if (!isSameOrigin(url, base) || isPathOfRomm) {
    return said(
      warning,
      `but was asked at ${base}`,
      `If ${quote(url)} leads to this node, run the doctor with --sfu ${quote(url)}. If not, set PUBLIC_URL of this node to ${base}.`,
    );
  }
  return [ok(check, `The SFU sends players to ${quote(url)}.`)];
}

/** Pages on https may use nothing on http. */
export function checkMixedContent({ targets, auth, sfu, rommHere, besideRomm }: Observed): Finding[] {
  const { authUrl, sfuUrl, origin } = targets;
  const setting: Setting = { besideRomm };
  const issuer = stringOf(auth.configuration, 'issuer');
  const nodeUrl = stringOf(sfu.echo, 'url');
  const pages = [origin, issuer, authUrl].filter((url) => url !== undefined && isSecure(url));
  const check = 'mixed-content';
  const insecure = [issuer, authUrl, nodeUrl, sfuUrl].find(
    (url) => url !== undefined && !isSecure(url) && !isLoopback(url),
  );
  if (pages[0] !== undefined && insecure !== undefined) {
    return [
      fault(
        check,
        `${quote(pages[0])} is on https, ${quote(insecure)} on http; browsers refuse that, and ws: as well.`,
        withSiteUrl('Put both behind TLS, and write https:// in AUTH_ISSUER and PUBLIC_URL.', setting),
      ),
    ];
  }
  if (insecure === undefined) {
    return [ok(check, 'Pages and services are on https alike, or on this machine.')];
  }
  // That RomM's own pages are on http is a fault, and said there.
  if (rommHere && !isSecure(authUrl)) return [];
  return [
    warning(
      check,
      `${quote(insecure)} is on http: tokens and cookies can be read on the way.`,
      withSiteUrl(
        'Put the services behind a proxy with TLS, and write https:// in AUTH_ISSUER and PUBLIC_URL.',
        setting,
      ),
    ),
  ];
}
