/**
 * One configuration for every test: Node strips the types itself, so nothing is compiled before a
 * test.
 */
export default {
  testMatch: [
    '<rootDir>/packages/*/test/**/*.test.ts',
    '<rootDir>/{docs,examples,tools}/**/*.test.ts',
  ],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {},
  testEnvironmentOptions: { customExportConditions: ['@reprise/source', 'node', 'node-addons'] },
  reporters: ['default', '<rootDir>/tools/last-line.ts'],
  // In one process, as on two cores anyway: how tests meet does not depend on the machine, and a
  // leak is seen everywhere.
  maxWorkers: 1,
  randomize: true,
  restoreMocks: true,
  waitForUnhandledRejections: true,
  coverageProvider: 'v8',
  collectCoverageFrom: ['packages/*/src/**/*.ts'],
};
