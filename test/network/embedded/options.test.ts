import {
  completeOptions,
  type EmbeddedNetworkOptions,
} from '../../../network/src/embedded/options.ts';
import { coded } from '../coded.ts';

const ORGANISATION = { name: 'a', mspId: 'AMSP', domain: 'a.example' };
const CHAINCODE = {
  name: 'cc',
  version: '1',
  sequence: 1,
  packageId: 'cc:1',
  address: '127.0.0.1:9999',
};
const OPTIONS: EmbeddedNetworkOptions = {
  directory: '/nowhere',
  organisations: [ORGANISATION],
  chaincodes: [CHAINCODE],
};

describe('completeOptions', () => {
  it('fills in the defaults', () => {
    expect(completeOptions(OPTIONS)).toMatchObject({
      channel: 'city',
      host: '127.0.0.1',
      executionTimeoutMs: 30_000,
      batch: { maxMessageCount: 100, preferredMaxBytes: 2_097_152, timeoutMs: 50 },
    });
    expect(completeOptions({ ...OPTIONS, batch: { timeoutMs: 5 } }).batch).toMatchObject({
      maxMessageCount: 100,
      timeoutMs: 5,
    });
  });

  it.each<[string, Partial<EmbeddedNetworkOptions>]>([
    ['no organisation', { organisations: [] }],
    ['too many organisations', { organisations: Array.from({ length: 33 }, () => ORGANISATION) }],
    ['two organisations of one name', { organisations: [ORGANISATION, ORGANISATION] }],
    [
      'two organisations of one domain',
      { organisations: [ORGANISATION, { ...ORGANISATION, name: 'b', mspId: 'BMSP' }] },
    ],
    ['a channel in capitals', { channel: 'City' }],
    ['a host name', { host: 'example.org' }],
    ['a chaincode name with a slash', { chaincodes: [{ ...CHAINCODE, name: 'a/b' }] }],
    ['the name of a system namespace', { chaincodes: [{ ...CHAINCODE, name: '_lifecycle' }] }],
    ['no version', { chaincodes: [{ ...CHAINCODE, version: '' }] }],
    ['a sequence of zero', { chaincodes: [{ ...CHAINCODE, sequence: 0 }] }],
    ['an address without port', { chaincodes: [{ ...CHAINCODE, address: 'localhost' }] }],
    ['a count of zero', { batch: { maxMessageCount: 0 } }],
    ['a count above the bound', { batch: { maxMessageCount: 5_001 } }],
    ['blocks above the bound', { batch: { preferredMaxBytes: 2 ** 30 } }],
    [
      'a validation plugin that nobody has',
      { chaincodes: [{ ...CHAINCODE, validationPlugin: 'x' }] },
    ],
    ['a stranger that misbehaves', { byzantine: { BMSP: 'refuse' } }],
    ['a way to misbehave that nobody knows', { byzantine: { AMSP: 'sulk' as 'refuse' } }],
    ['half a millisecond', { batch: { timeoutMs: 0.5 } }],
  ])('refuses %s', (_, change) => {
    expect(() => completeOptions({ ...OPTIONS, ...change })).toThrow(coded('OPTIONS_INVALID'));
  });
});
