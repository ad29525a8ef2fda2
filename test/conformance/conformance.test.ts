/**
 * Holds a network to what Hyperledger Fabric does. Without a profile it is the embedded network; `npm run conformance -- --profile
 * FILE` points the same suite at any other.
 */
import { testEverything } from './suite/everything.ts';
import { newSuite } from './suite/suite.ts';

jest.setTimeout(120_000);

const suite = newSuite({
  profile: process.env['CONFORMANCE_PROFILE'],
  channel: process.env['CONFORMANCE_CHANNEL'],
  host: process.env['CONFORMANCE_HOST'],
});

testEverything(suite);
