/** GETDEL and XADD with MINID are of this release. */
const OLDEST = [6, 2] as const;

/**
 * What of a server's set-up breaks a promise sooner or later, in a sentence each for whoever runs it.
 *
 * @param info what INFO answers
 */
export function adviceOf(info: string): string[] {
  const field = (name: string): string => new RegExp(`^${name}:([^\\r\\n]*)`, 'm').exec(info)?.[1] ?? '';
  const policy = field('maxmemory_policy');
  const advice: string[] = [];
  if (Number(field('maxmemory')) > 0 && policy !== 'noeviction') {
    advice.push(
      `Redis drops keys when it is full (maxmemory-policy ${policy}), and with them what was used up already: set maxmemory-policy noeviction.`,
    );
  }
  const version = field('redis_version');
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
    advice.push(`Redis ${version} is too old: ${OLDEST.join('.')} or later is needed.`);
  }
  return advice;
}
