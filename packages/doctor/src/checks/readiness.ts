import type { Finding } from '@romm-netplay/protocol';
import { fault, ok, quote, skipped, warning } from '../findings.js';
import type { ServiceFacts } from '../observe.js';
import type { ServiceName } from './answers.js';

const COMPONENTS: Readonly<Record<string, string>> = {
  state:
    'Check REDIS_URL and that Redis runs and is reachable from there; on a node without Redis, ROMM_API_BASE_URL and ROMM_SFU_INTERNAL_SECRET.',
  database: 'Check DATABASE_URL and that PostgreSQL runs; without one, that DATA_DIR can be written.',
  keys: 'The node cannot fetch the keys of auth: check ROMM_API_BASE_URL (or AUTH_ISSUER) from the node.',
};

/** What a service says of its components. It need not be shown to the public, so silence is no fault. */
export function checkReadiness(service: ServiceName, { ready }: ServiceFacts): Finding[] {
  const check = `${service}-ready`;
  const components = ready.kind === 'answer' ? ready.json?.['components'] : undefined;
  if (ready.kind === 'none' || typeof components !== 'object' || components === null) {
    return [
      skipped(
        check,
        `/readyz of ${service} is not reachable from here.`,
        'That is fine where the proxy hides it; then ask on the machine itself.',
      ),
    ];
  }
  const down = Object.entries(components as Record<string, unknown>).filter(
    ([, component]) => (component as { state?: unknown } | null)?.state !== 'up',
  );
  const warnings = Array.isArray(ready.json?.['warnings']) ? (ready.json['warnings'] as unknown[]) : [];
  const findings = [
    ...down.map(([name]) =>
      fault(
        check,
        `Component "${quote(name)}" of ${service} is down.`,
        COMPONENTS[name] ?? `Look at the log of ${service}: it says why.`,
      ),
    ),
    ...warnings.map((text) =>
      warning(
        check,
        `${service} warns: ${quote(text)}`,
        'Change the variable the warning is about, unless you mean it.',
      ),
    ),
  ];
  return findings.length > 0 ? findings : [ok(check, `Every component of ${service} is up.`)];
}
