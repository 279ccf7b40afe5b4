import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/**
 * Dependencies point one way (docs/ARCHITECTURE.md):
 * main -> composition -> {transports, adapters} -> use cases, floor by floor -> ports, errors -> packages.
 */
const FRAMEWORKS = ['express', 'ws', 'redis', 'pg', 'socket.io', 'jsonwebtoken'];
const OTHER_APPS = ['@romm-netplay/auth', '@romm-netplay/sfu', '@romm-netplay/standalone'];
const TEST_ONLY = ['@romm-netplay/testing'];

const forbid = (names, groups, message) => [
  'error',
  {
    paths: names.map((name) => ({ name, message })),
    patterns: [
      { group: names.map((name) => `${name}/*`), message },
      ...(groups.length > 0 ? [{ group: groups, message }] : []),
    ],
  },
];

/**
 * The folders of each app, ground first: a folder imports from those before it and never from one after it.
 * Use cases, which know no framework, are those before the first transport.
 */
const FLOORS = {
  auth: {
    useCases: [
      ...['identity', 'privacy', 'keys', 'rooms', 'federation', 'sessions'],
      ...['accounts', 'tokens', 'sign-in'],
    ],
    transports: ['http'],
  },
  sfu: {
    useCases: [
      ...['ice', 'doctor', 'players', 'rooms/model', 'guests', 'tokens', 'romm', 'rooms', 'nodes'],
      'signaling',
    ],
    transports: ['ws', 'socketio', 'http'],
  },
};
const OUTSIDE = ['**/adapters/**', '**/composition/**', '**/config.js', '**/main.js'];

function floorRules(app, { useCases, transports }) {
  const floors = [...useCases, ...transports];
  return floors.map((folder, i) => {
    const isTransport = transports.includes(folder);
    const above = floors.slice(i + 1).filter((other) => !folder.startsWith(`${other}/`));
    const parents = floors.slice(i + 1).filter((other) => folder.startsWith(`${other}/`));
    return {
      files: [`apps/${app}/src/${folder}/**/*.ts`],
      // A folder inside another has a floor of its own.
      ignores: floors
        .filter((other) => other.startsWith(`${folder}/`))
        .map((other) => `apps/${app}/src/${other}/**`),
      rules: {
        'no-restricted-imports': forbid(
          [...(isTransport ? [] : FRAMEWORKS), ...OTHER_APPS, ...TEST_ONLY],
          [...OUTSIDE, ...above.map((other) => `**/${other}/**`), ...parents.map(() => '../*.js')],
          isTransport
            ? 'Transports translate; only the composition picks adapters, and no import runs back up.'
            : 'Use cases know no transport, adapter or configuration, and no import runs back up.',
        ),
      },
    };
  });
}

export default tseslint.config(
  { ignores: ['**/dist/**', '**/node_modules/**', '**/.turbo/**'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: {
        project: ['tsconfig.dom.json', 'tsconfig.json'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // An object with bound functions is this project's usual unit; `this` appears in classes only.
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      'no-console': 'error',
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 80, skipBlankLines: true, skipComments: true }],
    },
  },
  {
    files: ['**/*.{mjs,cjs}'],
    languageOptions: {
      globals: { process: 'readonly', console: 'readonly', URL: 'readonly', setTimeout: 'readonly' },
    },
  },
  {
    files: ['apps/*/page/**/*.js'],
    languageOptions: {
      globals: Object.fromEntries(
        [
          'AbortSignal',
          'HTMLElement',
          'addEventListener',
          'clearTimeout',
          'location',
          'reportError',
          'setTimeout',
          'URL',
          'crypto',
          'document',
          'fetch',
          'FormData',
          'prompt',
          'sessionStorage',
          'setInterval',
        ].map((name) => [name, 'readonly']),
      ),
    },
  },
  {
    files: ['apps/*/src/**/*.ts', 'packages/*/src/**/*.ts'],
    ignores: ['**/src/config.ts', 'packages/testing/**'],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'Only config.ts reads the environment.' },
      ],
      'no-restricted-imports': forbid(TEST_ONLY, [], 'Test support stays in tests.'),
    },
  },
  {
    files: ['apps/auth/src/**/*.ts', 'apps/sfu/src/**/*.ts'],
    rules: {
      'no-restricted-imports': forbid([...OTHER_APPS, ...TEST_ONLY], [], 'Apps never import each other.'),
    },
  },
  ...Object.entries(FLOORS).flatMap(([app, floors]) => floorRules(app, floors)),
  {
    files: ['apps/*/src/{ports,errors}.ts'],
    rules: {
      'no-restricted-imports': forbid(
        [...FRAMEWORKS, ...OTHER_APPS, ...TEST_ONLY],
        OUTSIDE,
        'Ports and errors lie below everything.',
      ),
    },
  },
  {
    files: ['packages/client/src/**/*.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          paths: [
            {
              name: '@romm-netplay/protocol',
              allowTypeImports: true,
              message: 'Schemas are too large for a browser; import /wire.',
            },
          ],
        },
      ],
    },
  },
  {
    files: ['**/test/**/*.ts', 'e2e/**/*.ts', 'bench/**/*.ts'],
    rules: {
      'max-lines-per-function': 'off',
      // What supertest answers is `any`; the assertions are the check.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
);
