/** One run over every workspace, so that there is one summary and no idle core. */
export default {
  projects: ['<rootDir>/packages/*', '<rootDir>/apps/*', '<rootDir>/e2e'],
  // Real processes and real stores start on first use; a loaded two-core machine needs the room.
  testTimeout: 30_000,
};
