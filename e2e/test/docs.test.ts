/** What the documents say must be true: paths exist, and tables agree with the code they describe. */
import { parseEnv } from 'node:util';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { parseConfig as parseAuthConfig } from '@romm-netplay/auth/config';
import { REQUESTS } from '@romm-netplay/protocol';
import * as wire from '@romm-netplay/protocol/wire';
import { parseConfig as parseSfuConfig } from '@romm-netplay/sfu/config';
import { parseConfig as parseStandaloneConfig } from '@romm-netplay/standalone/config';
import { FIXED_LIMITS } from '../../apps/sfu/src/ws/limits.js';
import { TOKEN_ERRORS } from '../../packages/token-core/src/errors.js';
import { readKnownVariables, readText } from './support/deploy.js';
import {
  brokenLinks,
  codeOf,
  existsInRepository,
  type Page,
  readNumericDefaults,
  readPages,
  repositoryPaths,
  scriptsRun,
} from './support/docs.js';

let pages: readonly Page[];
beforeAll(async () => {
  pages = await readPages();
});

function page(path: string): Page {
  const found = pages.find((each) => each.path === path);
  if (found === undefined) throw new Error(`There is no ${path}.`);
  return found;
}

/** Rows of a page whose first cell is one code span, by that span. */
const rowsByCode = (path: string): Map<string, readonly string[]> =>
  new Map(page(path).rows.flatMap((row) => (codeOf(row[0]) === undefined ? [] : [[codeOf(row[0])!, row]])));

describe('every page', () => {
  it('links to what exists', () => {
    expect(pages.length).toBeGreaterThan(10);
    expect(pages.flatMap((each) => brokenLinks(each, pages).map((link) => `${each.path}: ${link}`))).toEqual(
      [],
    );
  });

  it('cites paths that exist', () => {
    const cited = pages.flatMap((each) => repositoryPaths(each).map((path) => ({ by: each.path, path })));
    expect(cited.length).toBeGreaterThan(100);
    expect(cited.filter(({ path }) => !existsInRepository(path))).toEqual([]);
  });

  it('advises nobody to run a name of ours that npm would look for elsewhere', () => {
    for (const { path, code } of pages) {
      expect([
        path,
        code.filter((each) => /\bnpx (?:--?\w+ )*(?:@?romm-netplay|netplay)/.test(each)),
      ]).toEqual([path, []]);
    }
  });

  it('names scripts that package.json has', async () => {
    const { scripts } = JSON.parse(await readText('package.json')) as { scripts: Record<string, string> };
    const run = pages.flatMap(scriptsRun);
    expect(run).toEqual(expect.arrayContaining(['start', 'test', 'demo', 'bench']));
    expect(run.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
  });
});

describe('docs/PROTOCOL.md', () => {
  const PROTOCOL = 'docs/PROTOCOL.md';

  it('has a section for every request', () => {
    const { anchors } = page(PROTOCOL);
    expect(Object.keys(REQUESTS).filter((type) => !anchors.has(type))).toEqual([]);
  });

  it('lists every close code, and whether to retry', () => {
    const listed = page(PROTOCOL).rows.flatMap(([code = '', name, retry]) =>
      /^\d{4}$/.test(code) && codeOf(name) !== undefined ? [[codeOf(name), Number(code), retry]] : [],
    );
    const codes = Object.entries(wire.CLOSE_CODES);
    expect(listed).toEqual(codes.map(([name, { code, retry }]) => [name, code, retry ? 'yes' : 'no']));
  });

  it('lists every error code, and whether to retry', () => {
    const listed = page(PROTOCOL).rows.flatMap(([code, retryable = '']) =>
      codeOf(code) !== undefined && /^(yes|no)$/.test(retryable) ? [[codeOf(code), retryable]] : [],
    );
    const errors = Object.entries(wire.SOCKET_ERRORS);
    expect(listed).toEqual(errors.map(([code, { retryable }]) => [code, retryable ? 'yes' : 'no']));
  });

  it('lists every channel of binary frames', () => {
    const listed = page(PROTOCOL).rows.flatMap(([number = '', name = '', more]) =>
      /^\d$/.test(number) && more === undefined ? [[name, Number(number)]] : [],
    );
    expect(Object.fromEntries(listed)).toEqual(wire.CHANNELS);
  });

  it('states every limit as the code has it', async () => {
    const exported = Object.entries(wire).flatMap(([name, value]) =>
      typeof value === 'number' ? [[name, value] as const] : [],
    );
    const variables = [...(await readNumericDefaults('sfu'))].filter(([name]) => name.startsWith('SFU_MAX_'));
    const limits = [...exported, ...Object.entries(FIXED_LIMITS), ...variables];
    const listed = new Map(page(PROTOCOL).rows.map(([, value, name]) => [codeOf(name), value]));
    expect(limits.map(([name]) => [name, listed.get(name)])).toEqual(
      limits.map(([name, value]) => [name, String(value)]),
    );
  });
});

describe('docs/TOKENS.md', () => {
  it('lists every code a token is refused with', () => {
    const rows = rowsByCode('docs/TOKENS.md');
    const listed = [...rows.keys()].filter((code) => /^token_|^keys_/.test(code));
    expect(listed).toEqual(Object.keys(TOKEN_ERRORS));
  });
});

describe('variables', () => {
  const OPERATIONS = 'docs/OPERATIONS.md';
  const STANDALONE = ['AUTH_PORT', 'SFU_PORT'];
  const isName = (text: string) => /^[A-Z][A-Z0-9_]*$/.test(text);
  const allKnown = async () =>
    new Set([...(await readKnownVariables('auth')), ...(await readKnownVariables('sfu')), ...STANDALONE]);
  const exampleNames = async () =>
    [...(await readText('.env.example')).matchAll(/^([A-Z][A-Z0-9_]*)=/gm)].map(([, name = '']) => name);

  it('are all in docs/OPERATIONS.md, and nothing else is', async () => {
    const documented = [...rowsByCode(OPERATIONS).keys()].filter(isName);
    expect(documented.sort()).toEqual([...(await allKnown())].sort());
  });

  it('are all in .env.example, and nothing else is', async () => {
    expect((await exampleNames()).sort()).toEqual([...(await allKnown())].sort());
  });

  it('are known wherever README.md and docs/OPERATIONS.md name one', async () => {
    const known = await allKnown();
    const named = ['README.md', OPERATIONS].flatMap((path) => page(path).code);
    // Node's own.
    known.add('NODE_OPTIONS');
    expect(named.filter((text) => isName(text) && text.includes('_') && !known.has(text))).toEqual([]);
  });

  it('have the defaults that docs/OPERATIONS.md gives', async () => {
    const rows = rowsByCode(OPERATIONS);
    for (const app of ['auth', 'sfu'] as const) {
      for (const [name, number] of await readNumericDefaults(app)) {
        expect([name, rows.get(name)?.[2]]).toEqual([name, expect.stringContaining(`\`${number}\``)]);
      }
    }
  });

  it('have values in .env.example that both services accept', async () => {
    const env = parseEnv(await readText('.env.example'));
    // Neither takes a name of the other, nor one that stands in it unset, for a misspelt one of its own.
    const given = Object.fromEntries((await exampleNames()).map((name) => [name, env[name] || undefined]));
    // `npm start` takes it as it is, and with it does what it does without.
    const { auth, warnings } = parseStandaloneConfig(given);
    expect(warnings).toEqual([]);
    expect(auth.redisUrl).toBeUndefined();
    expect(auth.identityProviders).toEqual(parseStandaloneConfig({}).auth.identityProviders);
    // Each alone needs the Redis that a comment names.
    const [REDIS_URL] = /redis:[^\s,]+/.exec(await readText('.env.example')) ?? [];
    const named = { ...given, REDIS_URL };
    expect(parseAuthConfig(named).warnings).toEqual([]);
    expect(parseSfuConfig(named).warnings).toEqual([]);
  });
});

describe('docs/requirements.md', () => {
  const range = (prefix: string, last: number) =>
    Array.from({ length: last }, (_, index) => `${prefix}${index + 1}`);
  const REQUIREMENTS = [
    ...range('P1.', 12),
    ...range('S', 6),
    ...range('P2.', 11),
    ...range('P3.', 8),
    ...range('P4.', 10),
    ...range('X', 2),
    ...range('A', 4),
    ...range('R', 4),
    ...range('N', 7),
    ...range('C', 3),
    ...range('W', 3),
    ...range('M', 4),
    ...range('V', 2),
  ];
  const rows = () => page('docs/requirements.md').rows;

  it('has one row for every requirement and every defect', () => {
    const ids = rows().flatMap(([id = '']) => (/^(P\d\.|[SXARDNCWMV])\d+$/.test(id) ? [id] : []));
    expect(ids.sort()).toEqual([...REQUIREMENTS, ...range('D', 29)].sort());
  });

  it('says of each requirement how far it is, and shows code and a test of what is done', () => {
    const states = rows().filter(([id = '']) => REQUIREMENTS.includes(id));
    for (const [id, , state, missing, code, tests] of states) {
      expect([id, state]).toEqual([id, expect.stringMatching(/^(done|partly|planned)$/)]);
      if (state === 'partly') expect([id, missing]).not.toEqual([id, '']);
      if (state === 'planned') continue;
      expect([id, code]).toEqual([id, expect.stringContaining('`')]);
      expect([id, tests]).toEqual([id, expect.stringMatching(/\.test\.ts`/)]);
    }
  });

  it('cites tests that exist', () => {
    const cited = page('docs/requirements.md').code.filter((text) => text.endsWith('.test.ts'));
    expect(cited.length).toBeGreaterThan(50);
    expect(cited.filter((path) => !existsInRepository(path))).toEqual([]);
  });
});
