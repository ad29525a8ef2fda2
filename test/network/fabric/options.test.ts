import { completeOptions, type FabricNetworkOptions } from '../../../network/src/fabric/options.ts';
import { coded } from '../coded.ts';
import { ORGANISATIONS } from './topologies.ts';

const CHAINCODE = { name: 'features', version: '1.0', sequence: 1, label: 'features_1.0' };
const OPTIONS: FabricNetworkOptions = {
  directory: '/nowhere',
  organisations: ORGANISATIONS,
  chaincodes: [CHAINCODE],
  binaries: { peer: 'p', orderer: 'o', configtxgen: 'c', osnadmin: 'a' },
  validation: { kind: 'coalitions' },
};

describe('completeOptions', () => {
  it('fills in the defaults', () => {
    expect(completeOptions(OPTIONS)).toMatchObject({
      channel: 'city',
      host: '127.0.0.1',
      orderers: 4,
      batch: { maxMessageCount: 500, timeoutMs: 100 },
    });
    expect(completeOptions({ ...OPTIONS, batch: { timeoutMs: 7 } }).batch).toEqual({
      maxMessageCount: 500,
      timeoutMs: 7,
    });
  });

  it.each<[string, Partial<FabricNetworkOptions>]>([
    ['a channel in capitals', { channel: 'City' }],
    ['a host name', { host: 'localhost' }],
    ['no organisation', { organisations: [] }],
    ['an organisation twice', { organisations: [ORGANISATIONS[0]!, ORGANISATIONS[0]!] }],
    ['no orderer', { orderers: 0 }],
    ['half an orderer', { orderers: 3.5 }],
    ['an empty batch', { batch: { maxMessageCount: 0 } }],
    ['a batch without time', { batch: { timeoutMs: Number.NaN } }],
    ['a chaincode without a name', { chaincodes: [{ ...CHAINCODE, name: '' }] }],
    ['a chaincode without a version', { chaincodes: [{ ...CHAINCODE, version: '' }] }],
    ['sequence 0', { chaincodes: [{ ...CHAINCODE, sequence: 0 }] }],
    ['a label with a path', { chaincodes: [{ ...CHAINCODE, label: '../features' }] }],
  ])('refuses %s', (_, change) => {
    expect(() => completeOptions({ ...OPTIONS, ...change })).toThrow(coded('OPTIONS_INVALID'));
  });
});
