import { HalfOpenLimits, type HalfOpenPlace } from '../../../network/src/management/half-open.ts';

const stay = (): void => undefined;

/** Takes a place whose holder leaves when it must. */
function leaving(limits: HalfOpenLimits, address: string, gone: string[]): HalfOpenPlace | null {
  const place: HalfOpenPlace | null = limits.take(address, () => {
    gone.push(address);
    place?.release();
  });
  return place;
}

describe('half-open connections', () => {
  it('refuses the n+1st of one address and takes it after a release', () => {
    const limits = new HalfOpenLimits({ perAddress: 2 });
    const first = limits.take('192.0.2.1', stay);
    expect(limits.take('192.0.2.1', stay)).not.toBeNull();
    expect(limits.take('192.0.2.1', stay)).toBeNull();
    expect(limits.take('192.0.2.2', stay)).not.toBeNull();
    first!.release();
    expect(limits.take('192.0.2.1', stay)).not.toBeNull();
  });

  it('counts the addresses of an IPv6 /64 as one', () => {
    const limits = new HalfOpenLimits({ perAddress: 2 });
    limits.take('2001:db8::1', stay);
    limits.take('2001:db8::ffff:2', stay);
    expect(limits.take('2001:db8:0:0:aaaa::3', stay)).toBeNull();
    expect(limits.take('2001:db8:0:1::1', stay)).not.toBeNull();
  });

  it('lets the oldest that has shown no key give way when all places are taken', () => {
    const limits = new HalfOpenLimits({ total: 2 });
    const gone: string[] = [];
    for (const host of [1, 2, 3]) leaving(limits, `192.0.2.${String(host)}`, gone);
    expect(gone).toEqual(['192.0.2.1']);
    expect(limits.taken).toBe(2);
  });

  it('lets nobody give way who has shown a key', () => {
    const limits = new HalfOpenLimits({ total: 2 });
    const gone: string[] = [];
    leaving(limits, '192.0.2.1', gone)!.keep();
    leaving(limits, '192.0.2.2', gone);
    leaving(limits, '192.0.2.3', gone)!.keep();
    expect(gone).toEqual(['192.0.2.2']);
    expect(leaving(limits, '192.0.2.4', gone)).toBeNull();
    expect(gone).toEqual(['192.0.2.2']);
  });

  it('lets an address at its limit push out nobody', () => {
    const limits = new HalfOpenLimits({ total: 2, perAddress: 1 });
    const gone: string[] = [];
    leaving(limits, '192.0.2.1', gone);
    leaving(limits, '192.0.2.2', gone);
    expect(leaving(limits, '192.0.2.2', gone)).toBeNull();
    expect(gone).toEqual([]);
  });

  it('counts a place given back twice once, and forgets an address with its last place', () => {
    const limits = new HalfOpenLimits();
    const place = limits.take('192.0.2.1', stay)!;
    const other = limits.take('192.0.2.1', stay)!;
    place.release();
    place.release();
    expect(limits.taken).toBe(1);
    other.release();
    expect(limits.addresses).toBe(0);
  });

  it('has the defaults of the protocol: 8 an address, 1024 in all', () => {
    const limits = new HalfOpenLimits();
    const take = (address: string): boolean => limits.take(address, stay) !== null;
    expect(Array.from({ length: 9 }, () => take('192.0.2.1')).filter(Boolean)).toHaveLength(8);
    const others = Array.from({ length: 1_020 }, (_none, index) =>
      take(`10.0.${String(index >> 8)}.${String(index & 255)}`),
    );
    expect(others.filter(Boolean)).toHaveLength(1_016);
    expect(limits.taken).toBe(1_024);
  });
});
