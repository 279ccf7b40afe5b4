import { type DestinationStream, pino, type Logger, stdTimeFunctions } from 'pino';
import { currentRequest } from './request-scope.js';

export type { Logger } from 'pino';

/** Members that may hold a token or a secret, wherever in a logged object they stand. */
const SECRET_MEMBERS = ['token', 'authorization', 'cookie', 'secret', 'password', 'x-romm-sfu-secret'];

/** Structured log, one JSON object a line; on standard output unless told otherwise. */
export function createLogger(service: string, level: string, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: { service },
    // For people too, who compare it with the lines of a proxy.
    timestamp: stdTimeFunctions.isoTime,
    mixin: () => ({ ...currentRequest() }),
    redact: {
      paths: SECRET_MEMBERS.flatMap((member) => [
        `["${member}"]`,
        `*["${member}"]`,
        `*.headers["${member}"]`,
      ]),
      censor: '[secret]',
    },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}

/** Writes that something was changed or let through: `event` names what, `details` who and which. */
export type Audit = (event: string, details: Readonly<Record<string, unknown>>) => void;

/** Audit lines are written at every log level but `silent`: a quiet log must not hide them. */
export function createAudit(log: Logger): Audit {
  const audit = log.child({}, { level: log.level === 'silent' ? 'silent' : 'info' });
  return (event, details) => audit.info({ audit: event, ...details }, event);
}

/**
 * For something that the service cannot do without: a line when it goes, or is away for another reason, and one
 * when it is back. At levels that nodes log by default: who reads of trouble is to read of its end.
 */
export const createOutageLog = (log: Logger, what: string) => ({
  onAdvice: (sentence: string) => log.warn(sentence),
  onTrouble: ({ code, message }: { readonly code: string; readonly message: string }) =>
    log.error({ code, reason: message }, `${what} cannot be used`),
  onMended: () => log.warn(`${what} can be used again`),
});

/**
 * The line that says where a service can be reached. Always written, whatever the log level: with port 0
 * nothing else tells.
 */
export function announce(service: string, url: string): void {
  process.stdout.write(
    `${JSON.stringify({ event: 'listening', service, url, time: new Date().toISOString() })}\n`,
  );
}
