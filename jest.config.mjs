/** One run over every workspace, so that there is one summary and no idle core. */
export default {
  projects: ['<rootDir>/packages/*', '<rootDir>/apps/*', '<rootDir>/e2e'],
};
