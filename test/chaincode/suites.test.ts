import { suiteFacts, SUITES } from '@lamplighter/sdk/wire';
import { ContractError } from '../../chaincode/src/errors.ts';
import { checkSuite, strengthOf } from '../../chaincode/src/suites.ts';

it.each([
  [0x0103, 'end', 1, 128],
  [0x0103, 'lightweight', 2, 128],
  [0x0104, 'end', 1, 128],
  [0x0201, 'lightweight', 3, 128],
  [0x0301, 'lightweight', 3, 64],
  [0x0304, 'lightweight', 2, 64],
] as const)('suite %i of an %s node with proof %i has %i bits', (suite, kind, proof, bits) => {
  const { strength, legacy, parts } = strengthOf(
    { suite, managerProof: proof },
    { kind, legacy: false },
  );
  expect([strength, legacy]).toEqual([bits, false]);
  const { aead, hashCollision, keyAgreement, managerProofStrength } = parts;
  expect(Math.min(aead, hashCollision, keyAgreement, managerProofStrength)).toBe(bits);
});

it('knows every suite for what the table says, and no other', () => {
  for (const { id, classes } of SUITES) {
    const kind = classes.includes(1) ? 'lightweight' : 'end';
    expect(checkSuite(id, kind, true)).toBe(suiteFacts(id));
  }
});

it.each(SUITES.filter(({ legacy }) => legacy))('keeps suite $id for legacy devices', ({ id }) => {
  expect(() => checkSuite(id, 'lightweight', false)).toThrow(/^SUITE_REFUSED: .*legacy/);
});

it.each([
  [0x0104, 'lightweight'],
  [0x0202, 'end'],
  [0x8001, 'end'],
  [0x0106, 'end'],
  [0, 'end'],
  [0x8000, 'lightweight'],
  [2 ** 53 - 1, 'lightweight'],
] as const)('suite %i is refused for an %s node', (id, kind) => {
  expect(() => checkSuite(id, kind, true)).toThrow(ContractError);
  expect(() => checkSuite(id, kind, true)).toThrow(/^SUITE_REFUSED: /);
});
