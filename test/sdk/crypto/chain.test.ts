import { createHash } from 'node:crypto';
import {
  chainContext,
  chainDown,
  chainLeadsTo,
  chainValue,
  decodeChainProof,
  encodeChainProof,
  suiteOf,
} from '@lamplighter/sdk/crypto';

const suite = suiteOf(0x0103);
const seed = new Uint8Array(32).fill(4);
const length = 64;
const context = chainContext('manager-1', 'soil-1', 7);

/** F of §3.3 by Node. */
function stepByNode(k: number, value: Uint8Array): Buffer {
  const index = Buffer.alloc(4);
  index.writeUInt32BE(k);
  const hash = createHash('sha256').update('lamplighter.v1 chain').update(context);
  return hash.update(index).update(value).digest();
}

describe('chain', () => {
  it('has a context of both ids and the epoch', () => {
    const bytes = Buffer.concat([Buffer.from('manager-1\0soil-1'), Buffer.from('00000007', 'hex')]);
    expect(Buffer.from(context)).toEqual(createHash('sha256').update(bytes).digest());
  });

  it('steps as §3.3 says, from the seed to the anchor', () => {
    let value = Buffer.from(seed);
    for (let k = length; k > 0; k -= 1) value = stepByNode(k, value) as Buffer<ArrayBuffer>;
    expect(Buffer.from(chainValue(suite, context, { seed, length }, 0))).toEqual(value);
    expect(chainValue(suite, context, { seed, length }, length)).toEqual(seed);
  });

  it('leads from a later value to an earlier one and to no other', () => {
    const at = (index: number) => ({
      index,
      value: chainValue(suite, context, { seed, length }, index),
    });
    expect(chainLeadsTo(suite, context, at(1), at(0))).toBe(true);
    expect(chainLeadsTo(suite, context, at(length), at(0))).toBe(true);
    expect(chainLeadsTo(suite, context, at(9), at(3))).toBe(true);
    expect(chainLeadsTo(suite, context, at(3), at(3))).toBe(false);
    expect(chainLeadsTo(suite, context, at(3), at(9))).toBe(false);
    expect(chainLeadsTo(suite, context, { ...at(9), index: 10 }, at(3))).toBe(false);
    expect(chainLeadsTo(suite, context, { ...at(9), value: seed }, at(3))).toBe(false);
    const other = chainContext('manager-1', 'soil-2', 7);
    expect(chainLeadsTo(suite, other, at(9), at(3))).toBe(false);
  });

  it.each([-1, 65])('has no value %d', (index) => {
    expect(() => chainDown(suite, context, { index: length, value: seed }, index)).toThrow(
      RangeError,
    );
  });

  it('travels as be32(j) || x_j', () => {
    const proof = encodeChainProof({ index: 0x01020304, value: seed });
    expect(Buffer.from(proof).toString('hex')).toBe(`01020304${'04'.repeat(32)}`);
    expect(decodeChainProof(proof)).toEqual({ index: 0x01020304, value: seed });
    expect(decodeChainProof(proof.slice(1))).toBeUndefined();
    expect(decodeChainProof(new Uint8Array(0))).toBeUndefined();
  });
});
