/** Peers as the gateway and discovery know them, without a network behind. */
import { peer } from '@hyperledger/fabric-protos';

import type { ChaincodeDefinition } from '../../../network/src/embedded/peer/definitions.ts';
import {
  policyReference,
  VALIDATION_PLUGIN,
} from '../../../network/src/embedded/peer/definitions.ts';
import type { Neighbour } from '../../../network/src/embedded/peer/neighbour.ts';

export function newChaincode(
  name: string,
  validationParameter = policyReference('/Channel/Application/Endorsement'),
): ChaincodeDefinition {
  const validationPlugin = VALIDATION_PLUGIN;
  return { name, version: '1.0', sequence: 1, validationPlugin, validationParameter };
}

export type FakeNeighbour = Neighbour & { readonly asked: jest.Mock };

/** @returns a peer that answers with what `answer` returns or throws. */
export function newNeighbour(
  mspId: string,
  answer: () => peer.ProposalResponse,
  more: Partial<Neighbour> = {},
): FakeNeighbour {
  const asked = jest.fn(answer);
  const definitions = new Map([['features', newChaincode('features')]]);
  return {
    name: `peer0.${mspId}`,
    mspId,
    address: `${mspId}:7051`,
    identity: Buffer.from(mspId),
    sign: (message) => message,
    height: 7,
    reach: () => Promise.resolve(),
    alive: true,
    process: () => Promise.resolve().then(() => asked().serializeBinary()),
    definitions: () => Promise.resolve(definitions),
    stakeTable: () => Promise.resolve(null),
    chaincodes: () => Promise.resolve(definitions),
    ...more,
    asked,
  };
}

/** @returns what an endorser answers. */
export function endorsement(payload: string, endorser: string): peer.ProposalResponse {
  const signed = new peer.Endorsement();
  signed.setEndorser(Buffer.from(endorser));
  const answer = response(200, 'OK');
  answer.setPayload(Buffer.from(payload));
  answer.setEndorsement(signed);
  return answer;
}

/** @returns an answer without an endorsement. */
export function response(status: number, message: string): peer.ProposalResponse {
  const inner = new peer.Response();
  inner.setStatus(status);
  inner.setMessage(message);
  const answer = new peer.ProposalResponse();
  answer.setResponse(inner);
  return answer;
}
