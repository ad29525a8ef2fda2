import prettier from 'eslint-config-prettier';
import jest from 'eslint-plugin-jest';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** Forbids imports by pattern; `why` is shown to whoever runs into it. */
const forbid = (group, why) => ({
  'no-restricted-imports': ['error', { patterns: [{ group, message: why }] }],
});
const FABRIC = ['fabric-*', 'fabric-*/**', '@hyperledger/**', '@grpc/**'];

export default defineConfig(
  globalIgnores(['**/dist/**', '**/node_modules/**', '.lamplighter/**', 'build/**']),
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, prettier],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      complexity: ['error', 10],
      '@typescript-eslint/no-unused-vars': ['error', { ignoreUsingDeclarations: true }],
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
    },
  },
  // Arrows go one way: sdk <- chaincode (pure code only) <- network.
  {
    files: ['sdk/src/**/*.ts'],
    rules: forbid(
      [...FABRIC, '@lamplighter/**', '**/chaincode/**', '**/network/**'],
      'The SDK knows nothing of Fabric, the contracts or the nodes.',
    ),
  },
  {
    files: ['sdk/src/{wire,crypto,protocol}/**/*.ts'],
    rules: forbid(
      [...FABRIC, '@lamplighter/**', 'node:*', 'ws', '**/device/**', '**/firmware/**'],
      'Codec, cryptography and protocol steps are pure: bytes and clock values in, bytes out.',
    ),
  },
  {
    files: ['chaincode/src/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              // A regular expression, since a group would forbid the SDK's sub-paths with the SDK.
              regex: '^(@lamplighter/(network|sdk(?!/(wire|crypto)$))|ws$|node:(?!crypto$))',
              message:
                'Contracts import pure code of the SDK only (@lamplighter/sdk/wire, @lamplighter/sdk/crypto).',
            },
          ],
        },
      ],
    },
  },
  {
    files: ['test/**/*.ts'],
    extends: [jest.configs['flat/recommended']],
    rules: { '@typescript-eslint/no-non-null-assertion': 'off' },
  },
  {
    // Parts of one suite, which conformance.test.ts puts together.
    files: ['test/conformance/suite/*.ts'],
    rules: { 'jest/no-export': 'off' },
  },
);
