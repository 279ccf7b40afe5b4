import { execFile } from 'node:child_process';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export type App = 'auth' | 'sfu';
export type Environment = Readonly<Record<string, string>>;

export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const DOCKERFILE = 'infra/docker/Dockerfile';

/** Reads a file of this repository. */
export const readText = (path: string) => readFile(join(ROOT, path), 'utf8');

/** Makes what an image consists of, with the command the Dockerfile uses. */
export async function deploy(app: App, directory: string): Promise<void> {
  try {
    await promisify(execFile)(process.execPath, [join(ROOT, 'scripts/deploy.mjs'), app, directory]);
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`scripts/deploy.mjs ${app} failed:\n${stdout}${stderr}`, { cause: error });
  }
}

export interface Instruction {
  readonly name: string;
  readonly value: string;
}

interface Stage {
  readonly from: string;
  readonly instructions: readonly Instruction[];
}

/** The stages of the Dockerfile by name; comments gone, continued lines joined. */
export async function readStages(): Promise<ReadonlyMap<string, Stage>> {
  const stages = new Map<string, Stage>();
  let instructions: Instruction[] = [];
  const text = (await readText(DOCKERFILE)).replace(/^\s*#.*\n/gm, '').replace(/\\\n\s*/g, ' ');
  for (const line of text.split('\n').filter((each) => each.trim() !== '')) {
    const [, name, value] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) throw new Error(`Not a Dockerfile instruction: ${line}`);
    instructions.push({ name, value });
    if (name !== 'FROM') continue;
    const [from, as, stage] = value.split(/\s+/);
    if (from === undefined || as !== 'AS' || stage === undefined) throw new Error(`No stage name: ${line}`);
    instructions = [];
    stages.set(stage, { from, instructions });
  }
  return stages;
}

export interface Image {
  readonly env: Environment;
  readonly entrypoint: readonly string[];
  readonly healthcheck: readonly string[];
  /** Who runs it; undefined: root. */
  readonly user: string | undefined;
}

/** What a target of the Dockerfile configures, with what it inherits. */
export async function readImage(target: App): Promise<Image> {
  const stages = await readStages();
  const instructions: Instruction[] = [];
  for (let stage = stages.get(target); stage !== undefined; stage = stages.get(stage.from)) {
    instructions.unshift(...stage.instructions);
  }
  const values = (name: string) =>
    instructions.filter((each) => each.name === name).map(({ value }) => value);
  const command = (name: string) => {
    const value = values(name).at(-1) ?? '';
    return JSON.parse(value.slice(value.indexOf('['))) as string[];
  };
  const env = values('ENV').flatMap((value) => value.split(/\s+/).map((pair) => pair.split('=', 2)));
  return {
    env: Object.fromEntries(env) as Environment,
    entrypoint: command('ENTRYPOINT'),
    healthcheck: command('HEALTHCHECK'),
    user: values('USER').at(-1),
  };
}

/** The variables that an app's configuration knows, `<NAME>_FILE` of its secrets included; from its source. */
export async function readKnownVariables(app: App): Promise<ReadonlySet<string>> {
  const source = await readText(`apps/${app}/src/config.ts`);
  const [, secrets = ''] = /^const SECRETS = \[(.*?)\];/ms.exec(source) ?? [];
  const names = [...source.matchAll(/^ {2}([A-Z][A-Z0-9_]*): /gm)].map(([, name = '']) => name);
  const files = [...secrets.matchAll(/'(\w+)'/g)].map(([, name = '']) => `${name}_FILE`);
  if (names.length === 0 || files.length === 0) throw new Error(`Nothing found in apps/${app}/src/config.ts`);
  return new Set([...names, ...files]);
}

export interface DeployedFiles {
  /** Relative paths, sorted. */
  readonly files: readonly string[];
  /** Names of the installed packages. */
  readonly packages: ReadonlySet<string>;
  /** Links that lead out of the directory: broken once it is copied elsewhere. */
  readonly strayLinks: readonly string[];
}

export async function readDeployed(directory: string): Promise<DeployedFiles> {
  // With file types, links are listed and not followed.
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const paths = entries.map((entry) => ({ entry, path: join(entry.parentPath, entry.name) }));
  const links = await Promise.all(
    paths
      .filter(({ entry }) => entry.isSymbolicLink())
      .map(async ({ entry, path }) => ({ path, target: await readlink(path), from: entry.parentPath })),
  );
  const files = paths
    .filter(({ entry }) => !entry.isDirectory())
    .map(({ path }) => relative(directory, path));
  // The whole name of a package follows the last node_modules in the path of its package.json.
  const packages = files.flatMap((path) => {
    const [, name] = /^.*\bnode_modules\/((?:@[^/]+\/)?[^/]+)\/package\.json$/.exec(path) ?? [];
    return name === undefined ? [] : [name];
  });
  return {
    files: files.sort(),
    packages: new Set(packages),
    strayLinks: links
      .filter(({ target, from }) => relative(directory, resolve(from, target)).startsWith('..'))
      .map(({ path }) => path),
  };
}
