/** A short form of `npm run conformance:fuzz`. */
import { fuzz } from './fuzz/fuzz.ts';
import { Player } from './fuzz/player.ts';
import { openDeployment, type Deployment } from './target/deployment.ts';

jest.setTimeout(120_000);

describe('random transactions', () => {
  let deployment: Deployment;

  beforeAll(async () => {
    deployment = await openDeployment({});
  });

  afterAll(() => deployment.close());

  it.each([1, 2])('come out of seed %i as a model says', async (seed) => {
    const { target } = deployment;
    const { codes, sent } = await fuzz({
      seed,
      transactions: 120,
      prefix: target.key(`${seed}-`),
      players: [new Player('embedded', target)],
    });
    expect(sent).toBeGreaterThanOrEqual(120);
    expect(Object.keys(codes)).toEqual(
      expect.arrayContaining(['VALID', 'MVCC_READ_CONFLICT', 'ENDORSEMENT_POLICY_FAILURE']),
    );
  });
});
