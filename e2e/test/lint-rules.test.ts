import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from '@jest/globals';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** What is written in a file, and the rule it must break there; null: it breaks neither. */
const CASES: [what: string, path: string, code: string, rule: string | null][] = [
  [
    'a use case imports a framework',
    'apps/auth/src/tokens/mint-token.ts',
    "import 'express';",
    'no-restricted-imports',
  ],
  [
    'a use case imports redis',
    'apps/sfu/src/rooms/model/room.ts',
    "import 'redis';",
    'no-restricted-imports',
  ],
  [
    'a use case imports an adapter',
    'apps/sfu/src/rooms/open-room.ts',
    "import '../adapters/jti-consumer.js';",
    'no-restricted-imports',
  ],
  [
    'a use case imports a transport',
    'apps/sfu/src/signaling/session.ts',
    "import '../ws/limits.js';",
    'no-restricted-imports',
  ],
  [
    'a transport picks an adapter',
    'apps/auth/src/http/handlers.ts',
    "import '../adapters/file-signing-key.js';",
    'no-restricted-imports',
  ],
  [
    'an app imports another',
    'apps/sfu/src/composition/compose.ts',
    "import '@romm-netplay/auth/compose';",
    'no-restricted-imports',
  ],
  [
    'an app imports test support',
    'apps/auth/src/composition/compose.ts',
    "import '@romm-netplay/testing';",
    'no-restricted-imports',
  ],
  [
    'the composition reads the environment',
    'apps/auth/src/composition/compose.ts',
    'export const e = process.env;',
    'no-restricted-properties',
  ],
  ['config.ts reads the environment', 'apps/auth/src/config.ts', 'export const e = process.env;', null],
  [
    'the composition picks an adapter',
    'apps/sfu/src/composition/compose.ts',
    "import '../adapters/jti-consumer.js';",
    null,
  ],
  [
    'players import a use case, which is an arrow back up',
    'apps/sfu/src/players/player.ts',
    "import '../rooms/open-room.js';",
    'no-restricted-imports',
  ],
  [
    'the model of a room imports a use case',
    'apps/sfu/src/rooms/model/room.ts',
    "import '../open-room.js';",
    'no-restricted-imports',
  ],
  [
    'the model of a room imports what lies below it',
    'apps/sfu/src/rooms/model/room.ts',
    "import '../../players/player.js';\nimport './place.js';",
    null,
  ],
  [
    'a use case imports the model of a room',
    'apps/sfu/src/rooms/open-room.ts',
    "import './model/room.js';",
    null,
  ],
  [
    'sessions import signing in, which is above them',
    'apps/auth/src/sessions/begin-session.ts',
    "import '../sign-in/login.js';",
    'no-restricted-imports',
  ],
  [
    'the browser client imports schemas',
    'packages/client/src/errors.ts',
    "import { REQUESTS } from '@romm-netplay/protocol';\nexport const x = REQUESTS;",
    '@typescript-eslint/no-restricted-imports',
  ],
];
const WATCHED = [
  'no-restricted-imports',
  'no-restricted-properties',
  '@typescript-eslint/no-restricted-imports',
];

describe('the dependency rules of docs/ARCHITECTURE.md are enforced', () => {
  let broken: string[][];
  beforeAll(async () => {
    // ESLint loads its configuration with import(), which Jest's modules cannot do: it runs by itself.
    // Where CI=true is set, typescript-eslint would lint what is on disk rather than the text that it is given.
    const script = `
      import { ESLint } from 'eslint';
      const eslint = new ESLint();
      const results = [];
      for (const [, filePath, code] of ${JSON.stringify(CASES)}) {
        const [{ messages }] = await eslint.lintText(code, { filePath });
        results.push(messages.map(({ ruleId }) => ruleId));
      }
      process.stdout.write(JSON.stringify(results));`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
      cwd: ROOT,
      env: { ...process.env, TSESTREE_SINGLE_RUN: 'false' },
    });
    broken = JSON.parse(stdout) as string[][];
  }, 300_000);

  it.each(CASES.map(([what, path, _code, rule], index) => [what, path, rule, index] as const))(
    '%s (%s): %s',
    (_what, _path, rule, index) => {
      expect(broken[index]!.filter((id) => WATCHED.includes(id))).toEqual(rule === null ? [] : [rule]);
    },
  );
});
