import preset from './jest.preset.mjs';

/** One run over every workspace, so that there is one summary and no idle core. */
export default {
  testTimeout: preset.testTimeout,
  projects: ['<rootDir>/packages/*', '<rootDir>/apps/*', '<rootDir>/e2e'],
};
