/**
 * Rules of Traefik's routers as its documentation describes them (routers, "Rule" and "Priority"): matchers joined by
 * `&&`, `||`, `!` and brackets; of the routers whose rule matches, the one with the highest priority takes the request.
 */
const MATCHERS: Readonly<Record<string, (argument: string, path: string, host: string) => boolean>> = {
  Host: (argument, _path, host) => argument === host,
  Path: (argument, path) => argument === path,
  PathPrefix: (argument, path) => path.startsWith(argument),
};

/** @throws when the rule uses what is not described above */
export function ruleMatches(rule: string, host: string, path: string): boolean {
  const tokens = rule.match(/&&|\|\||[!()]|\w+\(`[^`]*`\)/g) ?? [];
  if (tokens.join('').replaceAll(/\s/g, '') !== rule.replaceAll(/\s/g, ''))
    throw new Error(`Not understood: ${rule}`);
  let at = 0;
  const either = (): boolean => {
    let value = both();
    while (tokens[at] === '||') {
      at += 1;
      value = both() || value;
    }
    return value;
  };
  const both = (): boolean => {
    let value = one();
    while (tokens[at] === '&&') {
      at += 1;
      value = one() && value;
    }
    return value;
  };
  const one = (): boolean => {
    const token = tokens[at] ?? '';
    at += 1;
    if (token === '!') return !one();
    if (token === '(') {
      const value = either();
      at += 1;
      return value;
    }
    const [, name = '', argument = ''] = /^(\w+)\(`(.*)`\)$/.exec(token) ?? [];
    const matcher = MATCHERS[name];
    if (matcher === undefined) throw new Error(`Not understood: ${rule}`);
    return matcher(argument, path, host);
  };
  return either();
}
