/** All parts of the suite, in the order in which they run. */
import type { Suite } from './suite.ts';
import { testEndorsementPolicies } from './endorsement-policies.ts';
import { testForms } from './forms.ts';
import { testRefusals } from './refusals.ts';
import { testCalls } from './calls.ts';
import { testOrdering } from './ordering.ts';
import { testPeerCommand } from './peer-command.ts';
import { testLifecycle } from './lifecycle.ts';
import { testClients } from './clients.ts';
import { testRanges } from './ranges.ts';
import { testReadWriteSets } from './read-write-sets.ts';
import { testConflicts } from './conflicts.ts';
import { testStub } from './stub.ts';

/** To be called once a file, outside of any `describe`. */
export function testEverything(suite: Suite): void {
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
}
