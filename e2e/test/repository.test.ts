/** What maintainers look for: workflows, how to take part, and which licences are shipped. */
import { existsSync, realpathSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { z } from 'zod';
import { readText, ROOT } from './support/deploy.js';

const step = z
  .strictObject({
    name: z.string(),
    uses: z.string().regex(/^[\w-]+\/[\w-]+@[\da-f]{40}$/, 'is pinned by a whole commit'),
    with: z.record(z.string(), z.unknown()),
    run: z.string(),
    env: z.record(z.string(), z.string()),
  })
  .partial()
  .refine(
    ({ uses, run }) => (uses === undefined) !== (run === undefined),
    'uses something or runs something',
  );
const permissions = z.record(z.string(), z.enum(['read', 'write', 'none']));
const workflow = z.strictObject({
  name: z.string(),
  on: z.record(z.string(), z.unknown()),
  permissions,
  concurrency: z.unknown().optional(),
  jobs: z.record(
    z.string(),
    z.strictObject({
      'runs-on': z.string().regex(/^ubuntu-\d/),
      'timeout-minutes': z.number().int().max(60),
      permissions: permissions.optional(),
      strategy: z
        .strictObject({
          'fail-fast': z.boolean().optional(),
          matrix: z.record(z.string(), z.array(z.string())),
        })
        .optional(),
      steps: z.array(step).min(1),
    }),
  ),
});

const WORKFLOWS = ['ci.yml', 'images.yml', 'publish-client.yml'];
const read = async (name: string) => workflow.parse(parse(await readText(`.github/workflows/${name}`)));
const stepsOf = ({ jobs }: z.output<typeof workflow>) => Object.values(jobs).flatMap(({ steps }) => steps);

describe('the workflows', () => {
  it('are these', async () => {
    expect((await readdir(join(ROOT, '.github/workflows'))).sort()).toEqual(WORKFLOWS);
  });

  it.each(WORKFLOWS)('%s is one, pinned by digest, with no more permission than it needs', async (name) => {
    const { permissions: given } = await read(name);
    expect(given).toEqual({ contents: 'read' });
  });

  it.each(WORKFLOWS)('%s runs scripts that there are', async (name) => {
    const { scripts } = JSON.parse(await readText('package.json')) as { scripts: object };
    const runs = stepsOf(await read(name)).flatMap(({ run = '' }) => run);
    const named = runs.flatMap((run) => [...run.matchAll(/npm run ([\w:-]+)/g)].map(([, script]) => script));
    expect(named.filter((script) => !Object.hasOwn(scripts, script!))).toEqual([]);
  });

  it('test what is promised, on each Node', async () => {
    const { jobs } = await read('ci.yml');
    expect(jobs['test']?.strategy?.matrix).toEqual({ node: ['22', '24'] });
    expect(jobs['test']?.steps.flatMap(({ run = [] }) => run)).toEqual(
      expect.arrayContaining(['npm run demo', 'npm test --silent']),
    );
    expect((await readText('.nvmrc')).trim()).toBe('24');
    expect(await readText('infra/docker/Dockerfile')).toContain('NODE_IMAGE=node:24-');
  });

  it('build both images for both kinds of machine, and say of what', async () => {
    const images = await read('images.yml');
    expect(images.jobs['image']?.strategy?.matrix).toEqual({ app: ['auth', 'sfu'] });
    const build = stepsOf(images).find(({ uses = '' }) => uses.startsWith('docker/build-push-action@'));
    expect(build?.with).toMatchObject({
      file: 'infra/docker/Dockerfile',
      platforms: 'linux/amd64,linux/arm64',
      provenance: 'mode=max',
      sbom: true,
    });
  });
});

describe('the repository', () => {
  it('says how to take part, how to report, and what has changed', () => {
    const expected = ['CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md', 'LICENSE', '.github/dependabot.yml'];
    expect(expected.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  it('asks who reports a problem for what the doctor says', async () => {
    const form = parse(await readText('.github/ISSUE_TEMPLATE/problem.yml')) as {
      body: { id?: string; validations?: { required: boolean } }[];
    };
    expect(form.body.find(({ id }) => id === 'doctor')?.validations).toEqual({ required: true });
  });
});

describe('what is shipped', () => {
  const FREE = [
    'MIT',
    'ISC',
    'Apache-2.0',
    'BSD-2-Clause',
    'BSD-3-Clause',
    '0BSD',
    'BlueOak-1.0.0',
    'Unlicense',
  ];
  interface Manifest {
    readonly name: string;
    readonly version: string;
    readonly license?: string;
    readonly dependencies?: Record<string, string>;
  }
  const manifestIn = async (directory: string) =>
    JSON.parse(await readFile(join(directory, 'package.json'), 'utf8')) as Manifest;

  /** Every package that a directory leads to, through what it needs to run. */
  async function collect(directory: string, found: Map<string, Manifest>): Promise<void> {
    const { dependencies = {} } = await manifestIn(directory);
    for (const name of Object.keys(dependencies)) {
      const place = locate(name, directory);
      const manifest = await manifestIn(place);
      const id = `${name}@${manifest.version}`;
      if (found.has(id)) continue;
      found.set(id, manifest);
      await collect(place, found);
    }
  }

  function locate(name: string, directory: string): string {
    const inside = join(directory, 'node_modules', name);
    if (existsSync(inside)) return realpathSync(inside);
    const beside = directory.replace(/(\/node_modules)\/(?!.*\/node_modules\/).*$/, `$1/${name}`);
    if (beside !== directory && existsSync(beside)) return realpathSync(beside);
    throw new Error(`${name} is not where ${directory} looks for it.`);
  }

  it('may be passed on by anybody', async () => {
    const found = new Map<string, Manifest>();
    await collect(join(ROOT, 'apps/standalone'), found);
    expect(found.size).toBeGreaterThan(80);
    const others = [...found].filter(([, { license = '' }]) => !isFree(license));
    expect(others.map(([id, { license }]) => `${id}: ${license}`)).toEqual([]);
  });

  const isFree = (license: string) =>
    license
      .replace(/[()]/g, '')
      .split(' OR ')
      .some((each) => FREE.includes(each));
});
