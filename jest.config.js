/** One configuration for all tests. Node strips the types itself: nothing is compiled before. */
export default {
  testMatch: [
    '<rootDir>/packages/*/test/**/*.test.ts',
    '<rootDir>/{docs,examples,tools}/**/*.test.ts',
  ],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {},
  testEnvironment: '<rootDir>/tools/test-environment.ts',
  testEnvironmentOptions: { customExportConditions: ['@reprise/source', 'node', 'node-addons'] },
  globalSetup: '<rootDir>/tools/postgres/jest-setup.ts',
  reporters: ['default', '<rootDir>/tools/last-line.ts'],
  testSequencer: '<rootDir>/tools/longest-first.ts',
  // The same on every machine: how tests share the processor depends on it. One more than the two
  // cores of a small machine, since many tests wait for other processes.
  maxWorkers: 3,
  // It ends a test that hangs. No test waits for it: one that takes 5 s on a quiet machine takes a
  // minute on one that is three times slower and does other work beside.
  testTimeout: 120_000,
  randomize: true,
  restoreMocks: true,
  waitForUnhandledRejections: true,
  coverageProvider: 'v8',
  collectCoverageFrom: ['packages/*/src/**/*.ts'],
};
