import { ContractError } from '../../chaincode/src/errors.ts';
import { strengthOf } from '../../chaincode/src/suites.ts';

it.each([
  [0x0103, 'end', 128],
  [0x0103, 'lightweight', 128],
  [0x0104, 'end', 128],
  [0x0201, 'lightweight', 128],
  [0x0301, 'lightweight', 64],
  [0x0304, 'lightweight', 64],
] as const)('suite %i of an %s node has %i bits', (id, kind, bits) => {
  expect(strengthOf(id, kind)).toBe(bits);
});

it.each([
  [0x0104, 'lightweight'],
  [0x0202, 'end'],
  [0x0106, 'end'],
  [0, 'end'],
  [0x8000, 'lightweight'],
  [0x8001, 'lightweight'],
  [2 ** 53 - 1, 'lightweight'],
] as const)('suite %i is refused for an %s node', (id, kind) => {
  expect(() => strengthOf(id, kind)).toThrow(ContractError);
  expect(() => strengthOf(id, kind)).toThrow(/^SUITE_REFUSED: /);
});
