import type { Finding } from '@romm-netplay/protocol';

export const ok = (check: string, what: string): Finding => ({ check, status: 'ok', what });
export const skipped = (check: string, what: string, fix?: string): Finding => ({
  check,
  status: 'skipped',
  what,
  ...(fix !== undefined && { fix }),
});
export const warning = (check: string, what: string, fix: string): Finding => ({
  check,
  status: 'warning',
  what,
  fix,
});
export const fault = (check: string, what: string, fix: string): Finding => ({
  check,
  status: 'fault',
  what,
  fix,
});

const MAX_QUOTED = 200;

/** Something a server said, fit for a terminal: servers may send control characters, and much. */
export function quote(value: unknown): string {
  const text = (typeof value === 'string' ? value : JSON.stringify(value ?? null)).replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu,
    ' ',
  );
  return text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}…` : text;
}

/** Where a redirect leads, without its query: that may hold a token. */
export function quoteLocation(location: string | null | undefined, base: string): string {
  if (location == null || !URL.canParse(location, base)) return 'somewhere';
  const { origin, pathname } = new URL(location, base);
  return quote(`${origin}${pathname}`);
}

/** The worst of what was found. */
export function verdictOf(findings: readonly Finding[]): 'ok' | 'warning' | 'fault' {
  const has = (status: Finding['status']) => findings.some((each) => each.status === status);
  if (has('fault')) return 'fault';
  return has('warning') ? 'warning' : 'ok';
}
