/** Shared by every workspace: native ES modules, TypeScript through swc, sources of sibling packages. */
export default {
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['@romm-netplay/source', 'node', 'node-addons'] },
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  // Real processes and real stores start on first use; a loaded two-core machine needs the room.
  testTimeout: 90_000,
  testMatch: ['<rootDir>/test/**/*.test.ts'],
};
