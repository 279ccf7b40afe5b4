import { readFileSync } from 'node:fs';
import proxyAddr from 'proxy-addr';
import { z } from 'zod';
import { misspeltVariables } from './misspelt.js';

/** Everything wrong with a configuration, one sentence a fault, so that one start shows them all. */
export class ConfigError extends Error {
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(
      `The configuration has ${faults.length} fault(s):\n${faults.map((fault) => `  - ${fault}`).join('\n')}`,
    );
    this.name = 'ConfigError';
    this.faults = faults;
  }
}

export type Env = Readonly<Record<string, string | undefined>>;

/**
 * Parses environment variables. An empty variable counts as unset; `<NAME>_FILE` names a file that holds
 * the value of a variable in `secrets`. `furtherFaults` says what is wrong with values that are right each by itself;
 * it is asked as well when some are not, so that one start shows all there is to mend. @throws ConfigError
 */
export function parseEnv<S extends z.ZodRawShape>(
  schema: z.ZodObject<S>,
  env: Env,
  secrets: readonly string[],
  furtherFaults: (values: z.output<z.ZodObject<S>>) => readonly string[] = () => [],
): z.output<z.ZodObject<S>> {
  const { values, faults, faulty } = readValues(env, secrets);
  const parsed = schema.safeParse(values);
  if (!parsed.success) {
    // A schema never quotes the value it refuses: it may be a secret.
    for (const { path, message } of parsed.error.issues) {
      faults.push(`${path.join('.') || 'It'} ${message}`);
      faulty.add(String(path[0]));
    }
  }
  const further = furtherFaults(parsed.success ? parsed.data : withoutFaulty(schema, values, faulty));
  // What rests on a value that is to be mended first may not be so.
  faults.push(...further.filter((fault) => !variablesIn(fault).some((name) => faulty.has(name))));
  if (faults.length > 0 || !parsed.success) throw new ConfigError(faults);
  return parsed.data;
}

const variablesIn = (sentence: string): readonly string[] => sentence.match(/[A-Z][A-Z0-9_]+/g) ?? [];

/** The values that are right, and for the others what holds when they are not set. */
function withoutFaulty<S extends z.ZodRawShape>(
  schema: z.ZodObject<S>,
  values: Readonly<Record<string, string>>,
  faulty: ReadonlySet<string>,
): z.output<z.ZodObject<S>> {
  const parsed = Object.entries(schema.shape).map(([name, field]) => {
    const value = faulty.has(name) ? undefined : values[name];
    return [name, z.safeParse(field, value).data] as const;
  });
  return Object.fromEntries(parsed) as z.output<z.ZodObject<S>>;
}

function readValues(env: Env, secrets: readonly string[]) {
  const faults: string[] = [];
  const faulty = new Set<string>();
  const values: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && value.trim() !== '') values[name] = value.trim();
  }
  for (const name of secrets) {
    const file = values[`${name}_FILE`];
    if (file === undefined) continue;
    if (values[name] !== undefined) faults.push(`${name} and ${name}_FILE are both set; keep one.`);
    try {
      values[name] = readFileSync(file, 'utf8').trim();
    } catch (error) {
      faulty.add(name);
      faults.push(
        `${name}_FILE names a file that cannot be read (${(error as NodeJS.ErrnoException).code}).`,
      );
    }
  }
  return { values, faults, faulty };
}

/** What a configuration can be used with, and is probably not meant; a sentence each, for the log. */
export function envWarnings(
  env: Env,
  {
    known,
    secrets,
    urls,
  }: {
    readonly known: readonly string[];
    readonly secrets: readonly string[];
    /** What players' secrets go to, by its variable, where the service is open to others. */
    readonly urls: Readonly<Record<string, string | undefined>>;
  },
): string[] {
  const given = Object.keys(env).filter((name) => (env[name] ?? '').trim() !== '');
  const plain = Object.entries(urls).flatMap(([name, url]) =>
    url?.startsWith('http:') === true && !isThisMachine(new URL(url).hostname)
      ? [
          `${name} has no https: whoever is on the way reads and changes what players send. Put TLS before it.`,
        ]
      : [],
  );
  return [...misspeltVariables(given, [...known, ...secrets.map((name) => `${name}_FILE`)]), ...plain];
}

const isThisMachine = (hostname: string) => /^(?:(?:.+\.)?localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname);

const DEFAULT_SECRETS = /^(change-?me.*|secret|password|default|example|test|romm|admin|1234.*)$/i;
const MIN_SECRET_LENGTH = 16;

/** Why a secret must not guard a production server, or undefined when nothing speaks against it. */
export function weakSecret(secret: string): string | undefined {
  if (DEFAULT_SECRETS.test(secret)) return 'is a well-known default';
  if (secret.length < MIN_SECRET_LENGTH) return `is shorter than ${MIN_SECRET_LENGTH} characters`;
  if (new Set(secret).size < 6) return 'repeats a few characters';
  return undefined;
}

const HOW_TO_MAKE_ONE = 'make one with: openssl rand -hex 32';

/** Faults of secrets that would guard a production server: weak, default or equal to each other. */
export function secretFaults(secrets: Readonly<Record<string, string | undefined>>): string[] {
  const given = Object.entries(secrets).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const weak = given.flatMap(([name, secret]) => {
    const why = weakSecret(secret);
    return why === undefined ? [] : [`${name} ${why}; ${HOW_TO_MAKE_ONE}`];
  });
  const equal = given.flatMap(([name, secret], index) =>
    given
      .slice(index + 1)
      .flatMap(([other, value]) =>
        value === secret ? [`${name} and ${other} are equal; ${HOW_TO_MAKE_ONE}`] : [],
      ),
  );
  return [...weak, ...equal];
}

const httpUrl = z
  .url({ protocol: /^https?$/, error: 'must be a URL that begins with http:// or https://' })
  .refine((url) => !/.https?:?\/\//i.test(url), 'holds a second http:// or https://; write the URL once')
  // One slash where two meet, as when a path is put behind a URL that ends with one.
  .transform((url) => url.replace(/([^:/])\/{2,}/g, '$1/').replace(/\/+$/, ''));

/** Schemas of the variables that both services read. */
export const variables = {
  port: (fallback: number) =>
    z
      .string()
      .regex(/^\d{1,5}$/, 'must be a port number (0 picks a free one)')
      .transform(Number)
      .refine((port) => port <= 65_535, 'must be a port number (0 picks a free one)')
      .default(fallback),
  /** A port that is only listened on when it is set. */
  optionalPort: z
    .string()
    .regex(/^\d{1,5}$/, 'must be a port number')
    .transform(Number)
    .refine((port) => port <= 65_535, 'must be a port number')
    .optional(),
  host: z.string().default('0.0.0.0'),
  /** Of what asks for no password: nobody but this machine, unless told otherwise. */
  innerHost: z.string().default('127.0.0.1'),
  /** "prod" would be read as anything but production, and open what production keeps shut. */
  nodeEnv: z
    .enum(['development', 'test', 'production'], { error: 'must be production, development or test' })
    .default('development'),
  httpUrl,
  httpUrls: z
    .string()
    .transform((value) => value.split(/[\s,]+/).filter(Boolean))
    .pipe(z.array(httpUrl))
    .default([]),
  redisUrl: z.url({ protocol: /^rediss?$/, error: 'must look like redis://host:6379' }),
  secret: z.string().max(1024, 'is longer than 1024 characters'),
  /** 32 bytes as 64 hex digits or as base64. */
  key256: z
    .string()
    .transform((value) => Buffer.from(value, /^[0-9a-f]{64}$/i.test(value) ? 'hex' : 'base64'))
    .refine(
      (key) => key.length === 32,
      'must be 32 bytes in hex or base64; make one with: openssl rand -hex 32',
    ),
  list: z
    .string()
    .transform((value) => value.split(/[\s,]+/).filter(Boolean))
    .default([]),
  seconds: (fallback: number, max: number, min = 0) =>
    z
      .string()
      .regex(/^\d{1,9}$/, 'must be a whole number of seconds')
      .transform(Number)
      .refine((seconds) => seconds >= min && seconds <= max, `must be ${min} to ${max} seconds`)
      .default(fallback),
  count: (fallback: number) =>
    z
      .string()
      .regex(/^[1-9]\d{0,8}$/, 'must be a positive whole number')
      .transform(Number)
      .default(fallback),
  flag: z
    .enum(['0', '1', 'false', 'true'], { error: 'must be 0, 1, true or false' })
    .transform((value) => value === '1' || value === 'true')
    .default(false),
  logLevel: (fallback: 'info' | 'warn') =>
    z
      .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], {
        error: 'must be trace, debug, info, warn, error, fatal or silent',
      })
      .default(fallback),
  trustedProxies: z
    .string()
    .transform((value) => value.split(/[\s,]+/).filter(Boolean))
    .refine(isTrustable, 'must list addresses or CIDRs like 10.0.0.0/8, or loopback, linklocal, uniquelocal')
    .default([]),
  origins: z
    .string()
    .transform((value) => value.split(/[\s,]+/).filter(Boolean))
    .refine((origins) => origins.every(isOrigin), {
      message: 'must list origins like https://romm.example.org (no path, no *)',
    })
    .default([]),
};

function isTrustable(addresses: string[]): boolean {
  try {
    proxyAddr.compile(addresses);
    return true;
  } catch {
    return false;
  }
}

function isOrigin(value: string): boolean {
  return URL.canParse(value) && new URL(value).origin === value;
}
