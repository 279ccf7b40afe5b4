import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import { readText, ROOT } from './deploy.js';

/** One Markdown page, as far as the checks need it. */
export interface Page {
  /** Relative to the repository's root. */
  readonly path: string;
  /** Targets of links and of link definitions. */
  readonly links: readonly string[];
  /** Code spans and fenced blocks. */
  readonly code: readonly string[];
  /** Cells of every table row, in order. */
  readonly rows: readonly (readonly string[])[];
  /** What a link may name behind `#`. */
  readonly anchors: ReadonlySet<string>;
}

const ELSEWHERE = [
  ...['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md', 'bench/README.md'],
  ...['infra/README.md', 'e2e/emulator/README.md'],
];
/** What a reader makes by what the pages say. */
const MADE = ['infra/.env', 'infra/certificates', 'infra/secrets/sfu-internal-secret'];

const FENCE = /^```[^\n]*\n([\s\S]*?)^```/gm;
const SPAN = /`([^`\n]+)`/g;
const LINK = /\]\(([^)\s]+)\)/g;
const DEFINITION = /^\[[^\]]+\]: (\S+)$/gm;

const groups = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].map(([, group = '']) => group);

export async function readPage(path: string): Promise<Page> {
  const text = await readText(path);
  const prose = text.replace(FENCE, '');
  const plain = prose.replace(SPAN, '');
  const lines = prose.split('\n');
  return {
    path,
    links: [...groups(plain, LINK), ...groups(plain, DEFINITION)],
    code: [...groups(text, FENCE), ...groups(prose, SPAN)],
    rows: lines.filter((line) => line.startsWith('|')).map(cellsOf),
    anchors: new Set(groups(prose, /^#+ (.+)$/gm).map(slugOf)),
  };
}

const cellsOf = (line: string): string[] =>
  line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());

/** How GitHub names a heading. */
const slugOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replace(/\s/g, '-');

/** Everything that people read: README.md, docs/, and how to run it in containers and with an emulator. */
export async function readPages(): Promise<Page[]> {
  const names = await readdir(join(ROOT, 'docs'), { recursive: true });
  const paths = names.filter((name) => name.endsWith('.md')).map((name) => posix.join('docs', name));
  return Promise.all([...ELSEWHERE, ...paths.sort()].map(readPage));
}

/** Paths of this repository that stand in code; everything from a `*` on is cut off. */
export function repositoryPaths({ code }: Page): string[] {
  const pattern = /(?<![\w./@:-])(?:apps|packages|docs|infra|scripts|bench|e2e)\/[\w./*-]*/g;
  return code.flatMap((text) => [...text.matchAll(pattern)].map(([path]) => path.replace(/\*.*$/, '')));
}

/** Whether a path exists; built output counts when its source does. */
export const existsInRepository = (path: string): boolean =>
  MADE.includes(path) ||
  existsSync(join(ROOT, path.replace(/\/dist\/(.+)\.js$/, '/src/$1.ts').replace(/\.$/, '')));

/** Links of a page that lead nowhere; those to other sites are left alone. */
export function brokenLinks(page: Page, pages: readonly Page[]): string[] {
  return page.links.filter((link) => {
    if (/^[a-z]+:/.test(link)) return false;
    const [target = '', anchor] = link.split('#');
    const path = target === '' ? page.path : posix.join(dirname(page.path), target);
    if (!existsInRepository(path)) return true;
    const linked = pages.find((other) => other.path === path);
    return anchor !== undefined && linked?.anchors.has(anchor) !== true;
  });
}

/** Names of scripts that code runs with npm or pnpm, apart from what these do by themselves. */
export function scriptsRun({ code }: Page): string[] {
  const builtIn = ['install', 'ci', 'exec', 'deploy'];
  const command = /\bp?npm (?:-\S+ )*(?:run )?([a-z][\w:-]*)/g;
  return code.flatMap((text) => groups(text, command)).filter((name) => !builtIn.includes(name));
}

/** The code span that a table cell consists of. */
export const codeOf = (cell: string | undefined): string | undefined => /^`([^`]+)`$/.exec(cell ?? '')?.[1];

/** Numeric defaults of a configuration, from its source. */
export async function readNumericDefaults(app: 'auth' | 'sfu'): Promise<ReadonlyMap<string, string>> {
  const source = await readText(`apps/${app}/src/config.ts`);
  const pattern = /^ {2}([A-Z][A-Z0-9_]*): variables\.(?:port|count|seconds)\((\d[\d_]*)[,)]/gm;
  return new Map(
    [...source.matchAll(pattern)].map(([, name = '', number = '']) => [name, number.replaceAll('_', '')]),
  );
}
