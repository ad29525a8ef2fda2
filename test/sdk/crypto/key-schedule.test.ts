import {
  enrolmentHash,
  enrolmentKeys,
  generationAt,
  generationIndex,
  handshakeKeys,
  helloMac,
  nextGeneration,
  nextTraffic,
  nonceOf,
  resyncMac,
  sessionSecret,
  suiteOf,
  trafficKeys,
  trafficSecret,
} from '@lamplighter/sdk/crypto';

const suite = suiteOf(0x0103);
const filled = (byte: number, length = 32): Uint8Array => new Uint8Array(length).fill(byte);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe('generations', () => {
  it.each([
    [0, 0],
    [15, 0],
    [16, 1],
    [17, 1],
    [2 ** 53 - 1, 2 ** 49 - 1],
  ])('counter %d is in generation %d', (ctr, index) => {
    expect(generationIndex(ctr)).toBe(index);
  });

  it('step forward one by one, and leave the one given as it is', () => {
    const first = { index: 3, key: filled(9) };
    const third = generationAt(suite, first, 5);
    expect(third.index).toBe(5);
    expect(third.key).toEqual(nextGeneration(suite, nextGeneration(suite, filled(9))));
    expect(first.key).toEqual(filled(9));
    expect(generationAt(suite, first, 3)).toEqual(first);
  });

  it('leave a Buffer as it is, and share no memory with it', () => {
    const key = Buffer.alloc(32, 9);
    generationAt(suite, { index: 3, key }, 4);
    expect(Buffer.alloc(32, 9).equals(key)).toBe(true);
    const same = generationAt(suite, { index: 3, key }, 3);
    key.fill(0);
    expect(same.key).toEqual(filled(9));
  });

  it('do not step back', () => {
    expect(() => generationAt(suite, { index: 3, key: filled(9) }, 2)).toThrow(RangeError);
  });
});

describe('keys', () => {
  it('differ by enrolment, purpose, direction and generation', () => {
    const en = enrolmentHash(suite, filled(1));
    const { kHello, k0 } = enrolmentKeys(suite, filled(2), en);
    const other = enrolmentKeys(suite, filled(2), enrolmentHash(suite, filled(3)));
    const s = filled(4);
    const h = filled(5);
    const ms = sessionSecret(suite, s, h);
    const up = trafficSecret(suite, ms, 'd2m', h);
    const down = trafficSecret(suite, ms, 'm2d', h);
    const all = [
      ...[kHello, k0, other.kHello, other.k0, ms, up, down, nextTraffic(suite, up)],
      handshakeKeys(suite, s, 'accept', h).key,
      handshakeKeys(suite, s, 'finish', h).key,
      trafficKeys(suite, up, 0).key,
      trafficKeys(suite, up, 1).key,
      trafficKeys(suite, down, 0).key,
    ];
    expect(new Set(all.map(hex)).size).toBe(all.length);
  });

  it('authenticate Hello and resync apart, with 16 bytes', () => {
    const nd = filled(1, 16);
    expect(helloMac(suite, filled(2), nd)).toHaveLength(16);
    expect(hex(resyncMac(suite, filled(2), nd, 1))).not.toBe(
      hex(resyncMac(suite, filled(2), nd, 2)),
    );
  });
});

describe('nonce', () => {
  it('is iv XOR be64(sequence), padded on the left', () => {
    expect(hex(nonceOf(filled(0, 12), 0x0102))).toBe('000000000000000000000102');
    expect(hex(nonceOf(filled(0xff, 12), 1))).toBe('fffffffffffffffffffffffe');
    expect(hex(nonceOf(filled(0, 16), 2 ** 53 - 1))).toBe('0000000000000000001fffffffffffff');
    expect(hex(nonceOf(filled(0, 8), 5))).toBe('0000000000000005');
  });
});
