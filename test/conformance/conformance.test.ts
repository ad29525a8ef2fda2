/**
 * Holds a network to what Hyperledger Fabric does. Without a profile it is the embedded network; `npm run conformance -- --profile
 * FILE` points the same suite at any other.
 */
import { newSuite } from './suite/suite.ts';
import { testEndorsementPolicies } from './suite/endorsement-policies.ts';
import { testForms } from './suite/forms.ts';
import { testRefusals } from './suite/refusals.ts';
import { testCalls } from './suite/calls.ts';
import { testOrdering } from './suite/ordering.ts';
import { testPeerCommand } from './suite/peer-command.ts';
import { testLifecycle } from './suite/lifecycle.ts';
import { testClients } from './suite/clients.ts';
import { testRanges } from './suite/ranges.ts';
import { testReadWriteSets } from './suite/read-write-sets.ts';
import { testConflicts } from './suite/conflicts.ts';
import { testStub } from './suite/stub.ts';

jest.setTimeout(120_000);

const suite = newSuite({
  profile: process.env['CONFORMANCE_PROFILE'],
  channel: process.env['CONFORMANCE_CHANNEL'],
  host: process.env['CONFORMANCE_HOST'],
});

testStub(suite);
testRanges(suite);
testClients(suite);
testLifecycle(suite);
testPeerCommand(suite);
testOrdering(suite);
testCalls(suite);
testRefusals(suite);
testForms(suite);
testEndorsementPolicies(suite);
testConflicts(suite);
testReadWriteSets(suite);
