import type { Finding } from '@romm-netplay/protocol';
import { fault, ok, quote, skipped, warning } from '../findings.js';
import type { Answer } from '../http.js';
import type { Observed, Targets } from '../observe.js';
import { hasDoubledHost, isLoopback, isSameOrigin, isSecure } from '../urls.js';

const WELL_KNOWN = 'the variable PUBLIC_URL or AUTH_ISSUER it comes from';

/** What is wrong with a URL before anything is asked. Findings of status fault: asking is of no use. */
export function checkGivenUrl(check: 'auth-url' | 'sfu-url', url: string): Finding[] {
  if (hasDoubledHost(url)) {
    return [
      fault(
        check,
        `${quote(url)} holds its host twice.`,
        `Write it once: https://romm.example.org; check ${WELL_KNOWN}.`,
      ),
    ];
  }
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    return [fault(check, `${quote(url)} is no URL.`, 'Give a URL that begins with https:// or http://.')];
  }
  return [];
}

const stringOf = (answer: Answer, member: string): string | undefined => {
  const value = answer.kind === 'answer' ? answer.json?.[member] : undefined;
  return typeof value === 'string' ? value : undefined;
};

/** Whether auth, the node and the players mean the same issuer. */
export function checkIssuer({ targets, auth, sfu }: Observed): Finding[] {
  const issuer = stringOf(auth.configuration, 'issuer');
  if (issuer === undefined) return [skipped('issuer', 'Auth does not say which issuer it is.')];
  const findings = [
    ...issuerForm(targets, issuer),
    ...keysUrl(issuer, stringOf(auth.configuration, 'jwks_uri')),
  ];
  const trusted = stringOf(sfu.echo, 'issuer');
  if (trusted !== undefined && trusted !== issuer) {
    findings.push(
      fault(
        'issuer',
        `Auth mints tokens as ${quote(issuer)}, the SFU takes those of ${quote(trusted)}: every token is refused.`,
        `Set AUTH_ISSUER of the SFU to ${quote(issuer)}, letter by letter; ROMM_API_BASE_URL says where it reaches auth.`,
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

function issuerForm({ authUrl }: Targets, issuer: string): Finding[] {
  if (hasDoubledHost(issuer) || !URL.canParse(issuer)) {
    return [
      fault(
        'issuer',
        `Auth calls itself ${quote(issuer)}, which ${hasDoubledHost(issuer) ? 'holds its host twice' : 'is no URL'}.`,
        'Set AUTH_ISSUER to the URL of auth, once: https://romm.example.org.',
      ),
    ];
  }
  if (isSameOrigin(issuer, authUrl)) return [];
  if (isLoopback(issuer)) {
    return [
      fault(
        'issuer',
        `Auth calls itself ${quote(issuer)}, which on a player's machine is that machine.`,
        `Set AUTH_ISSUER of auth and of every node to what players use: ${authUrl}.`,
      ),
    ];
  }
  return [
    warning(
      'issuer',
      `Auth calls itself ${quote(issuer)}, but was asked at ${authUrl}.`,
      `If players use ${authUrl}, set AUTH_ISSUER of auth and of every node to it; else run the doctor with ${quote(issuer)}.`,
    ),
  ];
}

function keysUrl(issuer: string, url: string | undefined): Finding[] {
  if (url?.startsWith(`${issuer}/`) === true && !hasDoubledHost(url)) return [];
  return [
    fault(
      'issuer',
      `The configuration of auth names keys at ${quote(url)}, not below its issuer: it is changed on the way, or of another server.`,
      'Make the proxy pass /.well-known/ to auth and leave the body as it is (no sub_filter).',
    ),
  ];
}

/** Where the node tells players to find it. */
export function checkNodeUrl({ targets, sfu }: Observed): Finding[] {
  const url = stringOf(sfu.echo, 'url');
  const check = 'node-url';
  if (url === undefined) return [skipped(check, 'The SFU does not say where players are sent.')];
  const set = `Set PUBLIC_URL of this node to what players use, e.g. ${targets.sfuUrl}.`;
  if (hasDoubledHost(url))
    return [fault(check, `The SFU sends players to ${quote(url)}, which holds its host twice.`, set)];
  if (isLoopback(url) && !isLoopback(targets.sfuUrl)) {
    return [
      fault(
        check,
        `The SFU sends players to ${quote(url)}, which is their own machine: PUBLIC_URL is not set.`,
        set,
      ),
    ];
  }
  if (!isSameOrigin(url, targets.sfuUrl)) {
    return [
      warning(
        check,
        `The SFU sends players to ${quote(url)}, but was asked at ${targets.sfuUrl}.`,
        `Check that ${quote(url)} leads to this node: run the doctor with --sfu ${quote(url)}. If not, set PUBLIC_URL.`,
      ),
    ];
  }
  return [ok(check, `The SFU sends players to ${quote(url)}.`)];
}

/** Pages on https may use nothing on http. */
export function checkMixedContent({ targets, auth, sfu }: Observed): Finding[] {
  const { authUrl, sfuUrl, origin } = targets;
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
        'Put both behind TLS, and write https:// in AUTH_ISSUER and PUBLIC_URL.',
      ),
    ];
  }
  if (insecure !== undefined) {
    return [
      warning(
        check,
        `${quote(insecure)} is on http: tokens and cookies can be read on the way.`,
        'Put the services behind a proxy with TLS, and write https:// in AUTH_ISSUER and PUBLIC_URL.',
      ),
    ];
  }
  return [ok(check, 'Pages and services are on https alike, or on this machine.')];
}
