import type { Finding } from '@romm-netplay/protocol';
import { type Setting, withSiteUrl } from '../advice.js';
import { fault, ok, skipped, warning } from '../findings.js';
import type { Observed } from '../observe.js';
import { isLoopback } from '../urls.js';
import { codeOf } from '../strangeness.js';

const CLOCKS = 'Set the machines of auth and the SFU by NTP.';
const FIXES: Readonly<Record<string, string>> = {
  token_missing: 'Make the proxy pass the Authorization header on.',
  token_issuer_untrusted: 'Set AUTH_ISSUER of the SFU to the issuer that auth says it is.',
  token_audience:
    'Set AUTH_ISSUER of the SFU to the issuer that auth says it is; the token may be of another instance.',
  token_issued_in_future: CLOCKS,
  token_not_yet_valid: CLOCKS,
  token_expired: `Get a fresh read token; it lives for 15 minutes. ${CLOCKS}`,
  token_type: 'Give a read token: POST /api/sfu/token with {"token_type": "read"}.',
  token_key_unknown: 'Check that ROMM_API_BASE_URL of the SFU leads to the auth that minted the token.',
  keys_unavailable:
    'Check ROMM_API_BASE_URL (or AUTH_ISSUER) from the SFU: it cannot fetch the keys of auth.',
  state_unavailable:
    'Check REDIS_URL and Redis, or without it ROMM_API_BASE_URL and ROMM_SFU_INTERNAL_SECRET.',
};

function fixOf(code: string, setting: Setting): string {
  const fix = FIXES[code];
  if (fix === undefined)
    return 'Look at the other findings first; what lies in front of the SFU may answer in its place.';
  return fix.startsWith('Set AUTH_ISSUER') ? withSiteUrl(fix, setting) : fix;
}

/** Whether a real token lists rooms, and where those rooms are. */
export function checkToken(observed: Observed): Finding[] {
  const { targets, sfu } = observed;
  const { base, listWithToken } = sfu;
  const check = 'token';
  if (targets.readToken === undefined) return [];
  if (listWithToken === undefined || listWithToken.kind === 'none')
    return [skipped(check, `${base} does not answer.`)];
  const { status, json } = listWithToken;
  const code = codeOf(listWithToken);
  if (status !== 200 || json === undefined) {
    return [
      fault(
        check,
        `The SFU refuses the read token (${status}${code === undefined ? '' : ` ${code}`}).`,
        fixOf(code ?? '', observed),
      ),
    ];
  }
  const lost = Object.values(json).filter((room) => {
    const url = (room as { url?: unknown } | null)?.url;
    return typeof url === 'string' && isLoopback(url);
  });
  if (lost.length > 0 && !isLoopback(base)) {
    return [
      warning(
        check,
        `${lost.length} room(s) in the list are on a node that sends players to their own machine.`,
        withSiteUrl('Set PUBLIC_URL on every node.', observed),
      ),
    ];
  }
  return [ok(check, 'The SFU takes the read token and lists rooms.')];
}
