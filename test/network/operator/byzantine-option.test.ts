import {
  byzantineFlags,
  byzantineLines,
  byzantinePeers,
  collect,
} from '../../../network/src/operator/byzantine-option.ts';

describe('--byzantine', () => {
  it('takes organisations by name and by MSP id', () => {
    const values = ['helios=diverge', 'MeridianMSP=stale'].reduce<readonly string[]>(
      (earlier, value) => collect(value, earlier),
      [],
    );
    const peers = byzantinePeers(values);
    expect(peers).toEqual({ HeliosMSP: 'diverge', MeridianMSP: 'stale' });
    expect(byzantineLines(peers)).toEqual([
      expect.stringMatching(/^!!! THE PEER OF HeliosMSP MISBEHAVES.*another answer/),
      expect.stringMatching(/^!!! THE PEER OF MeridianMSP MISBEHAVES.*an old state/),
    ]);
    const flags = byzantineFlags(peers).filter((flag) => flag !== '--byzantine');
    expect(byzantinePeers(flags)).toEqual(peers);
    expect(byzantinePeers([])).toEqual({});
  });

  it.each([
    [['helios']],
    [['helios=']],
    [['nobody=refuse']],
    [['helios=sulk']],
    [['helios=refuse=stale']],
    [['helios=refuse', 'HeliosMSP=stale']],
    [['']],
  ])('refuses %j', (values) => {
    expect(() => byzantinePeers(values)).toThrow(/^--byzantine takes each of northlight, helios/);
  });
});
