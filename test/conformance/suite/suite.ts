/** What the parts of the suite share: one deployment, opened before the first test and closed after the last one. */
import { readFileSync } from 'node:fs';

import { openDeployment, type Deployment, type DeploymentOptions } from '../target/deployment.ts';
import type { Target } from '../target/target.ts';

/** Handed to every part before there is a deployment: its fields are for tests and hooks only. */
export interface Suite {
  readonly deployment: Deployment;
  readonly target: Target;
  /** Known before there is a deployment: skips where orderers may be BFT, which one envelope can bring to a halt. */
  readonly describeUnlessBft: jest.Describe;
}

/** The fewest that bear a faulty one. */
const BFT_ORDERERS = 4;

function mayBeBft({ profile, binaries }: DeploymentOptions): boolean {
  if (profile === undefined) return binaries !== undefined;
  const { orderers } = JSON.parse(readFileSync(profile, 'utf8')) as { orderers: object };
  return Object.keys(orderers).length >= BFT_ORDERERS;
}

/** To be called once a file, outside of any `describe`. */
export function newSuite(options: DeploymentOptions): Suite {
  let deployment: Deployment | undefined;
  beforeAll(async () => {
    deployment = await openDeployment(options);
  });
  afterAll(() => deployment?.close());
  const opened = (): Deployment => {
    if (!deployment) {
      throw new Error('the network of the suite is not open');
    }
    return deployment;
  };
  return {
    describeUnlessBft: mayBeBft(options) ? describe.skip : describe,
    get deployment() {
      return opened();
    },
    get target() {
      return opened().target;
    },
  };
}
