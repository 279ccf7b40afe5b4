/** The compose files: no engine ran them here, so all that can be looked at without one is. N6 */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmod, cp, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parseConfig as parseAuthConfig } from '@romm-netplay/auth/config';
import { whoAnswers } from '@romm-netplay/protocol';
import { AUTH_API } from '@romm-netplay/protocol/auth-api';
import { SFU_API } from '@romm-netplay/protocol/sfu-api';
import { parseConfig as parseSfuConfig } from '@romm-netplay/sfu/config';
import { ROMM_PATHS } from '@romm-netplay/testing';
import {
  COMPOSE_FILES,
  type ComposePath,
  interpolate,
  readCompose,
  readComposeEnvironment,
  readComposeVariables,
} from './support/compose.js';
import { type App, readImage, readKnownVariables, readText, ROOT } from './support/deploy.js';
import { ruleMatches } from './support/traefik.js';

const WHOLE: ComposePath = 'infra/compose.romm.yaml';
const ADDED: ComposePath = 'infra/compose.add-to-romm.yaml';
const TRAEFIK: ComposePath = 'infra/compose.traefik.yaml';
const TRIAL: ComposePath = 'infra/compose.yaml';
const NO_REDIS: ComposePath = 'infra/compose.no-redis-sfu.yaml';
const SITE = { SITE_URL: 'https://romm.example.org', SITE_HOST: 'romm.example.org' };

/** Every way in which files go together, and what the services are called there. */
const SETS: readonly { files: readonly ComposePath[]; services: Readonly<Record<App, string>> }[] = [
  { files: [WHOLE], services: { auth: 'netplay-auth', sfu: 'netplay-sfu' } },
  { files: [ADDED], services: { auth: 'netplay-auth', sfu: 'netplay-sfu' } },
  { files: [TRIAL], services: { auth: 'auth', sfu: 'sfu' } },
  { files: [TRIAL, NO_REDIS], services: { auth: 'auth', sfu: 'sfu' } },
];
const APPS: readonly App[] = ['auth', 'sfu'];
/** Read by Node itself, not by the services. */
const NODES_OWN = 'NODE_OPTIONS';
const CASES = SETS.flatMap(({ files, services }) =>
  APPS.map((app) => ({ app, files, service: services[app], of: files.join(' and ') })),
);

let secrets: string;
beforeAll(async () => {
  secrets = await mkdtemp(join(tmpdir(), 'netplay-infra-'));
});
afterAll(() => rm(secrets, { recursive: true, force: true }));

/** Ours are told apart by what they are built from, and it is players who reach the proxy, wherever they are. */
const LENIENT = ['no-build-and-image', 'service-image-require-explicit-tag', 'no-unbound-port-interfaces'];

function lint(path: string) {
  const linter = join(ROOT, 'e2e/node_modules/dclint/bin/dclint.cjs');
  const lenient = LENIENT.flatMap((rule) => ['--disable-rule', rule]);
  const options = ['--quiet', '--formatter', 'json', ...lenient];
  const { status, stdout } = spawnSync(process.execPath, [linter, path, ...options], { encoding: 'utf8' });
  return { status, faulty: JSON.parse(stdout) as unknown[] };
}

it('the linter knows a fault when it sees one', async () => {
  const path = join(secrets, 'compose.yaml');
  await writeFile(path, (await readText(WHOLE)).replace('restart:', 'restarts:'));
  expect(lint(path)).toMatchObject({ status: 1, faulty: [{ errorCount: 1 }] });
});

describe.each(COMPOSE_FILES)('%s', (path) => {
  it('is a compose file, by the schema of the specification and the rules of a linter', () => {
    expect(lint(join(ROOT, path))).toEqual({ status: 0, faulty: [] });
  });

  it('starts what it starts again, unless somebody stopped it', async () => {
    const { services } = await readCompose(path);
    const images = Object.values(services).filter(({ image }) => image !== undefined);
    expect(images.filter(({ restart }) => restart !== 'unless-stopped')).toEqual([]);
  });
});

describe.each(CASES)('$app of $of', ({ app, files, service }) => {
  it('gets nothing that it does not know', async () => {
    const known = await readKnownVariables(app);
    const given = await readComposeEnvironment(service, files, SITE);
    const own = Object.keys({ ...(await readImage(app)).env, ...given });
    expect(own.filter((name) => !known.has(name) && !(name in SITE) && name !== NODES_OWN)).toEqual([]);
  });

  it('can be given every variable that it knows, but those that fit the other containers', async () => {
    const known = [...(await readKnownVariables(app))];
    const settings = Object.fromEntries(known.map((name) => [name, `of .env: ${name}`]));
    const given = await readComposeEnvironment(service, files, { ...SITE, ...settings });
    const fixed = known.filter((name) => given[name] !== settings[name]);
    const elsewhere = [
      ...['PORT', 'ROMM_API_BASE_URL', 'AUTH_ISSUER', 'PUBLIC_URL'],
      ...(files.includes(WHOLE) ? ['ROMM_BASE_URL'] : []),
      ...(files.includes(NO_REDIS) ? ['REDIS_URL'] : []),
    ];
    expect(fixed.filter((name) => !name.endsWith('_FILE') && !elsewhere.includes(name))).toEqual([]);
  });

  it('understands all of it, secrets from files included', async () => {
    const given = await readComposeEnvironment(service, files, SITE);
    const env: Record<string, string> = { ...(await readImage(app)).env, ...given };
    for (const [name, place] of Object.entries(given).filter(([each]) => each.endsWith('_FILE'))) {
      const granted = (await readCompose(files[0]!)).services[service]?.secrets ?? [];
      const overlaid =
        files[1] === undefined ? [] : ((await readCompose(files[1])).services[service]?.secrets ?? []);
      expect([...granted, ...overlaid].map((secret) => `/run/secrets/${secret}`)).toContain(place);
      env[name] = join(secrets, name);
      await writeFile(env[name], createHashOf(name));
    }
    const config = app === 'auth' ? parseAuthConfig(env) : parseSfuConfig(env);
    expect(config.internalSecret === undefined).toBe(
      app === 'sfu' && files.length === 1 && files[0] === TRIAL,
    );
    if (files[0] === TRIAL) return;
    expect(env['NODE_ENV']).toBe('production');
    expect('issuer' in config ? config.issuer : config.authIssuer).toBe('https://romm.example.org/netplay');
  });
});

/** A secret of 32 bytes that differs by name. */
const createHashOf = (name: string): string => Buffer.from(name.repeat(32)).subarray(0, 32).toString('hex');

describe('the files for RomM', () => {
  it('have the same services of ours, but for where RomM is', async () => {
    const [whole, added] = [await readCompose(WHOLE), await readCompose(ADDED)];
    for (const name of ['netplay-auth', 'netplay-sfu', 'netplay-redis']) {
      const asAdded = JSON.stringify(added.services[name]).replace(
        '${ROMM_BASE_URL:-http://romm:8080}',
        'http://romm:8080',
      );
      expect(JSON.parse(asAdded)).toEqual(whole.services[name]);
    }
  });

  it('say what is missing when players’ address is not told', async () => {
    await expect(readComposeEnvironment('netplay-auth', [WHOLE])).rejects.toThrow(
      /^SITE_URL: say in infra\/\.env where players reach RomM/,
    );
  });

  it('take the secrets and the configuration that prepare.sh makes, once', async () => {
    const copy = await mkdtemp(join(tmpdir(), 'netplay-prepare-'));
    await cp(join(ROOT, 'infra/prepare.sh'), join(copy, 'prepare.sh'));
    await chmod(join(copy, 'prepare.sh'), 0o755);
    const run = () => execFileSync('sh', [join(copy, 'prepare.sh')], { encoding: 'utf8' });
    expect(run()).toContain('made romm/config/config.yml');
    const made = async () => {
      const names = await readdir(join(copy, 'secrets'));
      return Promise.all(
        names.sort().map(async (name) => [name, await readFile(join(copy, 'secrets', name), 'utf8')]),
      );
    };
    const first = await made();
    for (const path of [WHOLE, ADDED]) {
      for (const { file } of Object.values((await readCompose(path)).secrets ?? {})) {
        expect((await stat(join(copy, file))).mode & 0o444).toBe(0o444);
        expect(await readFile(join(copy, file), 'utf8')).toMatch(/^[\da-f]{64}$/);
      }
    }
    expect(new Set(first.map(([, secret]) => secret)).size).toBe(first.length);
    expect(run()).toBe('');
    expect(await made()).toEqual(first);
    expect(await readFile(join(copy, 'romm/config/config.yml'), 'utf8')).toMatch(
      /netplay:\n {4}enabled: true/,
    );
    await rm(copy, { recursive: true });
  });

  it('lead through Traefik as through the other proxies', async () => {
    const { services } = await readCompose(TRAEFIK);
    const routers = Object.entries(services).map(([service, { labels = {} }]) => ({
      service,
      rule: interpolate(labels[`traefik.http.routers.${service}.rule`] ?? '', SITE),
      priority: Number(labels[`traefik.http.routers.${service}.priority`]),
    }));
    routers.sort((a, b) => b.priority - a.priority);
    const whoTakes = (path: string, host = 'romm.example.org') =>
      routers.find(({ rule }) => ruleMatches(rule, host, path))?.service ?? 'romm';
    const paths = [
      ...[AUTH_API, SFU_API].flatMap((api) => Object.values(api).map(({ path }) => `/netplay${path}`)),
      ...['/netplay/', '/netplay/play', '/netplay/play/', '/netplay/setup', '/netplay/setups', '/netplay/ws'],
      ...['/api/netplay/list', '/api/netplay/lists', ...ROMM_PATHS],
    ];
    // What is between the services reaches the SFU there, which does not know it.
    const expected = { auth: 'netplay-auth', sfu: 'netplay-sfu', nobody: 'netplay-sfu', romm: 'romm' };
    expect(paths.filter((path) => whoTakes(path) !== expected[whoAnswers(path)])).toEqual([]);
    expect(whoTakes('/netplay/ws', 'other.example.org')).toBe('romm');
  });
});

describe('infra/.env.example', () => {
  it('lists what the files take from outside, with a default of theirs', async () => {
    const example = await readText('infra/.env.example');
    const listed = new Map(
      [...example.matchAll(/^#([A-Z0-9_]+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]),
    );
    const taken = (await Promise.all(COMPOSE_FILES.map(readComposeVariables))).flatMap((each) => [...each]);
    expect([...new Set(taken.map(([name]) => name)), 'TRUSTED_PROXIES'].sort()).toEqual(
      expect.arrayContaining([...listed.keys()].sort()),
    );
    expect(taken.filter(([name]) => !listed.has(name))).toEqual([]);
    for (const [name, value] of listed) {
      const defaults = taken.filter(([each]) => each === name).map(([, fallback]) => fallback);
      expect({ name, fits: defaults.includes(value) || defaults.includes(undefined) }).toEqual({
        name,
        fits: true,
      });
    }
  });
});
