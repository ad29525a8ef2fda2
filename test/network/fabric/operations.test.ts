import { freePort } from '../../../network/src/free-ports.ts';
import { ailment, metric, readMetric } from '../../../network/src/fabric/operations.ts';

const TEXT = `# HELP ledger_blockchain_height Height of the chain in blocks.
# TYPE ledger_blockchain_height gauge
ledger_blockchain_height{channel="town"} 3
ledger_blockchain_height{channel="city"} 1.2e+02
ledger_block_processing_time_count{channel="city"} 7
consensus_BFT_is_leader{channel="city"} NaN
`;

describe('readMetric', () => {
  it('reads the value of one channel', () => {
    expect(readMetric(TEXT, 'ledger_blockchain_height', 'city')).toBe(120);
    expect(readMetric(TEXT, 'ledger_blockchain_height', 'town')).toBe(3);
  });

  it.each([
    ['ledger_blockchain_height', 'cit'],
    ['ledger_block', 'city'],
    ['consensus_BFT_is_leader', 'city'],
    ['nothing', 'city'],
  ])('has nothing for %s of %s', (name, channel) => {
    expect(readMetric(TEXT, name, channel)).toBeUndefined();
  });
});

describe('a node that does not listen', () => {
  it('is not healthy, and tells no metric', async () => {
    const endpoint = { name: 'peer0', port: await freePort(), tls: { ca: '', cert: '', key: '' } };
    await expect(ailment(endpoint)).resolves.toContain('does not answer');
    await expect(metric(endpoint, 'x', 'city')).rejects.toMatchObject({
      code: 'ANSWER_MALFORMED',
      message: expect.stringContaining('the metrics of peer0') as string,
    });
  });
});
