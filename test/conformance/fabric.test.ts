/** The same suite on Fabric's own programs, and random transactions on the same network: skipped where there are none. */
import { describeWithFabric, fabricBinaries } from '../network/fabric/binaries.ts';
import { fuzz } from './fuzz/fuzz.ts';
import { Player } from './fuzz/player.ts';
import { testEverything } from './suite/everything.ts';
import { newSuite } from './suite/suite.ts';

jest.setTimeout(120_000);

describeWithFabric('Fabric 3.1', () => {
  const suite = newSuite({ binaries: fabricBinaries });

  testEverything(suite);

  it('does with random transactions as a model says', async () => {
    const { target } = suite;
    const { codes, sent } = await fuzz({
      seed: 1,
      transactions: 120,
      prefix: target.key('1-'),
      players: [new Player('Fabric', target)],
    });
    expect(sent).toBeGreaterThanOrEqual(120);
    expect(Object.keys(codes)).toEqual(
      expect.arrayContaining(['VALID', 'MVCC_READ_CONFLICT', 'ENDORSEMENT_POLICY_FAILURE']),
    );
  });
});
