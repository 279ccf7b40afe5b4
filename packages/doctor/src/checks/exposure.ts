import type { Finding } from '@romm-netplay/protocol';
import { ok, warning } from '../findings.js';
import type { AuthFacts } from '../observe.js';
import { isLoopback } from '../urls.js';
import { codeOf } from '../strangeness.js';

/** Whether what is between the services can be reached from here, where players are. */
export function checkExposure({ base, internal }: AuthFacts): Finding[] {
  if (isLoopback(base) || internal.kind === 'none') return [];
  const check = 'internal-endpoints';
  const code = codeOf(internal);
  if (code !== 'internal_secret_wrong' && code !== 'internal_secret_unset') {
    return [ok(check, 'What is between the services cannot be reached from here.')];
  }
  return [
    warning(
      check,
      `${base}/api/sfu/internal/ can be reached from here; only its secret keeps others out.`,
      'Let the proxy answer 404 there: the services ask auth where it is (ROMM_API_BASE_URL), not through the proxy.',
    ),
  ];
}
