import { HalfOpenLimits } from '../../../network/src/management/half-open.ts';

describe('half-open handshakes', () => {
  it('refuses the n+1st of one address and takes it after a release', () => {
    const limits = new HalfOpenLimits({ perAddress: 2 });
    const first = limits.take('192.0.2.1');
    expect(limits.take('192.0.2.1')).not.toBeNull();
    expect(limits.take('192.0.2.1')).toBeNull();
    expect(limits.take('192.0.2.2')).not.toBeNull();
    first!.release();
    expect(limits.take('192.0.2.1')).not.toBeNull();
  });

  it('refuses the n+1st of all', () => {
    const limits = new HalfOpenLimits({ total: 2 });
    expect([1, 2, 3].map((host) => limits.take(`192.0.2.${String(host)}`) !== null)).toEqual([
      true,
      true,
      false,
    ]);
  });

  it('counts a place given back twice once', () => {
    const limits = new HalfOpenLimits();
    const place = limits.take('192.0.2.1')!;
    limits.take('192.0.2.1');
    place.release();
    place.release();
    expect(limits.taken).toBe(1);
  });

  it('has the defaults of the protocol: 8 an address', () => {
    const limits = new HalfOpenLimits();
    const taken = Array.from({ length: 9 }, () => limits.take('192.0.2.1')).filter(Boolean);
    expect(taken).toHaveLength(8);
  });
});
