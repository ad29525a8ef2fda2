import { suiteOf, useAlgorithms } from '@lamplighter/sdk/crypto';
import { useNodeAlgorithms } from '../../network/src/node-algorithms.ts';

it("puts Node's code under the suites, with the same bytes", () => {
  const key = new Uint8Array(32).fill(1);
  const nonce = new Uint8Array(12);
  const sealed = (): Uint8Array => suiteOf(0x0103).aead(key).seal(nonce, key, nonce);
  useAlgorithms({});
  const portable = suiteOf(0x0103);
  const before = sealed();
  useNodeAlgorithms();
  expect(suiteOf(0x0103)).not.toBe(portable);
  expect(sealed()).toEqual(before);
  const once = suiteOf(0x0103);
  useNodeAlgorithms();
  expect(suiteOf(0x0103)).toBe(once);
  useAlgorithms({});
});
