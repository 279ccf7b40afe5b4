import type { Finding } from '@romm-netplay/protocol';
import { fault, ok, skipped, warning } from '../findings.js';
import type { Observed, ServiceFacts } from '../observe.js';
import { isCached } from './caching.js';

/** The clocks of both services and of this machine. */
export function checkClocks({ auth, sfu }: Observed): Finding[] {
  const [authClock, sfuClock] = [clockOf(auth), clockOf(sfu)];
  if (authClock === undefined || sfuClock === undefined) {
    return [skipped('clocks', 'The clocks cannot be compared: a service does not tell the time.')];
  }
  const allowedMs = allowedSkew(sfu) * 1000;
  const between = Math.abs(authClock.aheadMs - sfuClock.aheadMs) - authClock.unsureMs - sfuClock.unsureMs;
  const seconds = (ms: number) => (Math.abs(ms) / 1000).toFixed(1);
  if (between > allowedMs) {
    return [
      fault(
        'clocks',
        `The clocks of auth and the SFU are ${seconds(authClock.aheadMs - sfuClock.aheadMs)} s apart, the SFU allows ${allowedMs / 1000}: fresh tokens are refused.`,
        'Set both machines by NTP (timedatectl set-ntp true); SFU_AUTH_CLOCK_SKEW_SECONDS can allow up to 30.',
      ),
    ];
  }
  const furthest = [authClock, sfuClock].find(
    ({ aheadMs, unsureMs }) => Math.abs(aheadMs) - unsureMs > allowedMs,
  );
  if (furthest !== undefined) {
    return [
      warning(
        'clocks',
        `The servers and this machine differ by ${seconds(furthest.aheadMs)} s; the servers agree with each other.`,
        'Set the one that is wrong by NTP; players whose clocks are off renew their tokens too late or too often.',
      ),
    ];
  }
  return [ok('clocks', 'The clocks of auth, the SFU and this machine agree.')];
}

const allowedSkew = ({ echo }: ServiceFacts): number => {
  const told = echo.kind === 'answer' ? echo.json?.['clock_skew_seconds'] : undefined;
  return typeof told === 'number' ? told : 5;
};

interface Clock {
  readonly aheadMs: number;
  readonly unsureMs: number;
}

/** By the service's own word: a Date header may be the proxy's, whose clock nobody asked about. */
function clockOf(facts: ServiceFacts): Clock | undefined {
  const { echo } = facts;
  if (isCached(facts) || echo.kind === 'none') return undefined;
  const time = echo.json?.['time'];
  if (typeof time !== 'number') return undefined;
  const unsureMs = echo.tookMs / 2;
  return { aheadMs: time - (echo.receivedAt - echo.tookMs / 2), unsureMs };
}
