/** What a network of Fabric's own programs is started with that carries the contract of the embedded network's tests. */
import { join } from 'node:path';
import type { FabricNetworkOptions } from '../../../network/src/fabric/index.ts';
import { fabricBinaries } from './binaries.ts';
import { ORGANISATIONS } from './topologies.ts';

const CONTRACT = join(__dirname, '../embedded/contract');

export function featuresOptions(directory: string): FabricNetworkOptions {
  return {
    directory,
    organisations: ORGANISATIONS,
    chaincodes: [
      {
        name: 'features',
        version: '1.0',
        sequence: 1,
        label: 'features_1.0',
        modulePath: CONTRACT,
      },
    ],
    binaries: fabricBinaries(),
    validation: { kind: 'coalitions' },
  };
}
