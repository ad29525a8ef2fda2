'use strict';

/** Tests run from source: swc compiles on the fly, `tsc --build` has checked the types before. */
module.exports = {
  testEnvironment: 'node',
  // A bound for tests that hang, not a measure: machines that run them are slow and shared.
  testTimeout: 60_000,
  // Suites start networks, processes and floods of their own: side by side on two cores they disturb one another.
  maxWorkers: 1,
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  coverageProvider: 'v8',
  setupFiles: ['<rootDir>/test/setup.js'],
  reporters: ['default', '<rootDir>/test/summary-reporter.js'],
  moduleNameMapper: {
    '^@lamplighter/(chaincode|sdk|network)$': '<rootDir>/$1/src/index.ts',
    '^@lamplighter/sdk/(wire|crypto|protocol|node)$': '<rootDir>/sdk/src/$1/index.ts',
    '^@lamplighter/sdk/crypto/([a-z0-9-]+)$': '<rootDir>/sdk/src/crypto/$1.ts',
    '^@lamplighter/chaincode/stake$': '<rootDir>/chaincode/src/stake/index.ts',
  },
  transform: {
    '^.+\\.[jt]s$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
        },
        module: { type: 'commonjs' },
      },
    ],
  },
  transformIgnorePatterns: ['/node_modules/(?!(@noble|@hpke|cbor2|@cto.af)/)'],
};
