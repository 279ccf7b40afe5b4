import { parse } from 'yaml';
import { type Environment, readText } from './deploy.js';

export const COMPOSE_FILES = [
  'infra/compose.yaml',
  'infra/compose.no-redis-sfu.yaml',
  'infra/compose.romm.yaml',
  'infra/compose.add-to-romm.yaml',
  'infra/compose.traefik.yaml',
] as const;
export type ComposePath = (typeof COMPOSE_FILES)[number];

export interface ComposeService {
  readonly image?: string;
  readonly build?: { readonly target: string };
  readonly restart?: string;
  readonly env_file?: readonly { readonly path: string; readonly required: boolean }[];
  readonly environment?: Environment;
  readonly labels?: Environment;
  readonly secrets?: readonly string[];
  readonly volumes?: readonly string[];
  readonly networks?: readonly string[];
}

export interface ComposeFile {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly secrets?: Readonly<Record<string, { readonly file: string }>>;
}

export const readCompose = async (path: ComposePath): Promise<ComposeFile> =>
  parse(await readText(path), { merge: true }) as ComposeFile;

/** `${NAME:-default}` and `${NAME:?what to do}`; other forms of interpolation are not used. */
const VARIABLE = /\$\{([A-Z][A-Z0-9_]*):([-?])([^}]*)\}/g;

/** The variables that a compose file takes from outside, with its defaults; undefined: it demands them. */
export async function readComposeVariables(
  path: ComposePath,
): Promise<ReadonlyMap<string, string | undefined>> {
  const text = (await readText(path)).replace(/^\s*#.*\n/gm, '');
  if (text.replace(VARIABLE, '').includes('$')) throw new Error(`${path}: use \${NAME:-default}`);
  const found = [...text.matchAll(VARIABLE)];
  return new Map(
    found.map(([, name = '', kind, fallback = '']) => [name, kind === '-' ? fallback : undefined]),
  );
}

/** As Compose does it. @throws with what the file says, when a variable that it demands is not given */
export const interpolate = (text: string, given: Environment): string =>
  text.replace(VARIABLE, (_all, name: string, kind: string, word: string) => {
    const value = given[name] ?? '';
    if (value === '' && kind === '?') throw new Error(`${name}: ${word}`);
    return value === '' ? word : value;
  });

/**
 * What a service gets: the file .env of its `env_file`, then its `environment`, later files before earlier ones, as
 * with `docker compose -f -f`.
 */
export async function readComposeEnvironment(
  service: string,
  paths: readonly ComposePath[],
  dotEnv: Environment = {},
): Promise<Record<string, string>> {
  const files = await Promise.all(paths.map(readCompose));
  const settings = files.map(({ services }) => services[service] ?? {});
  const environment: Record<string, string> = settings.some(({ env_file: file }) => file !== undefined)
    ? { ...dotEnv }
    : {};
  for (const { environment: own = {} } of settings) {
    for (const [name, value] of Object.entries(own)) environment[name] = interpolate(value, dotEnv);
  }
  return environment;
}
