/** The chaincode lifecycle as `peer lifecycle chaincode` drives it: the same calls, made by the administrators of a profile. */
import { common, peer } from '@hyperledger/fabric-protos';

import { newEnvelope } from '../../network/embedded/raw-client.ts';
import { Refusal, type Endorsed, type Target } from './target.ts';

const { lifecycle } = peer;
const LIFECYCLE = '_lifecycle';
const SUCCESS: number = common.Status.SUCCESS;
const NOT_FOUND: number = common.Status.NOT_FOUND;
const VALID: number = peer.TxValidationCode.VALID;

export interface Definition {
  readonly name: string;
  readonly version: string;
  readonly sequence: number;
}

function assertSuccess({ responses }: Endorsed): void {
  for (const response of responses) {
    if (response.getResponse()?.getStatus() !== SUCCESS) {
      throw new Refusal(response.getResponse()!);
    }
  }
}

export class Lifecycle {
  readonly #target: Target;

  constructor(target: Target) {
    this.#target = target;
  }

  /**
   * Installs on every peer; a peer that has it already is content.
   *
   * @returns the package id that the peers gave it.
   */
  async install(bytes: Uint8Array): Promise<string> {
    const args = new lifecycle.InstallChaincodeArgs();
    args.setChaincodeInstallPackage(bytes);
    const ids = new Set<string>();
    for (const { mspId, peers } of this.#target.organisations) {
      for (const node of peers) {
        const answer = await this.#onPeer(mspId, node, 'InstallChaincode', args);
        ids.add(lifecycle.InstallChaincodeResult.deserializeBinary(answer).getPackageId());
      }
    }
    return [...ids].join();
  }

  /** @returns the package ids on a peer of an organisation. */
  async installed(mspId: string): Promise<readonly string[]> {
    const args = new lifecycle.QueryInstalledChaincodesArgs();
    const node = this.#peerOf(mspId);
    const answer = await this.#onPeer(mspId, node, 'QueryInstalledChaincodes', args);
    const result = lifecycle.QueryInstalledChaincodesResult.deserializeBinary(answer);
    return result.getInstalledChaincodesList().map((chaincode) => chaincode.getPackageId());
  }

  /** @returns the package's bytes. */
  async installedPackage(mspId: string, packageId: string): Promise<Uint8Array> {
    const args = new lifecycle.GetInstalledChaincodePackageArgs();
    args.setPackageId(packageId);
    const node = this.#peerOf(mspId);
    const answer = await this.#onPeer(mspId, node, 'GetInstalledChaincodePackage', args);
    const result = lifecycle.GetInstalledChaincodePackageResult.deserializeBinary(answer);
    return result.getChaincodeInstallPackage_asU8();
  }

  /** @returns the validation code. */
  approve(mspId: string, definition: Definition, packageId: string): Promise<number> {
    const args = new lifecycle.ApproveChaincodeDefinitionForMyOrgArgs();
    args.setName(definition.name);
    args.setVersion(definition.version);
    args.setSequence(definition.sequence);
    const source = new lifecycle.ChaincodeSource();
    const local = new lifecycle.ChaincodeSource.Local();
    local.setPackageId(packageId);
    source.setLocalPackage(local);
    args.setSource(source);
    const call = [Buffer.from('ApproveChaincodeDefinitionForMyOrg'), args.serializeBinary()];
    return this.#submit(mspId, call, [this.#peerOf(mspId)]);
  }

  /** @returns whether each organisation has approved just this. */
  async readiness(definition: Definition): Promise<Readonly<Record<string, boolean>>> {
    const args = new lifecycle.CheckCommitReadinessArgs();
    args.setName(definition.name);
    args.setVersion(definition.version);
    args.setSequence(definition.sequence);
    const answer = await this.#query('CheckCommitReadiness', args);
    const result = lifecycle.CheckCommitReadinessResult.deserializeBinary(answer);
    return Object.fromEntries(result.getApprovalsMap().toObject());
  }

  /** @returns the validation code. */
  commit(
    definition: Definition,
    endorsers: readonly string[] = this.#target.endorsers,
  ): Promise<number> {
    const args = new lifecycle.CommitChaincodeDefinitionArgs();
    args.setName(definition.name);
    args.setVersion(definition.version);
    args.setSequence(definition.sequence);
    const call = [Buffer.from('CommitChaincodeDefinition'), args.serializeBinary()];
    return this.#submit(this.#target.organisations[0].mspId, call, endorsers);
  }

  /** @returns undefined for a chaincode that is not committed. */
  async committed(
    name: string,
  ): Promise<peer.lifecycle.QueryChaincodeDefinitionResult.AsObject | undefined> {
    const args = new lifecycle.QueryChaincodeDefinitionArgs();
    args.setName(name);
    try {
      const answer = await this.#query('QueryChaincodeDefinition', args);
      return lifecycle.QueryChaincodeDefinitionResult.deserializeBinary(answer).toObject();
    } catch (error) {
      if (error instanceof Refusal && error.status === NOT_FOUND) {
        return undefined;
      }
      throw error;
    }
  }

  /** Of all committed chaincodes. */
  async all(): Promise<readonly Definition[]> {
    const args = new lifecycle.QueryChaincodeDefinitionsArgs();
    const answer = await this.#query('QueryChaincodeDefinitions', args);
    const result = lifecycle.QueryChaincodeDefinitionsResult.deserializeBinary(answer);
    return result.getChaincodeDefinitionsList().map((definition) => ({
      name: definition.getName(),
      version: definition.getVersion(),
      sequence: definition.getSequence(),
    }));
  }

  /** @returns what an organisation approved for a sequence. @throws {@link Refusal} when it did not. */
  async approved(
    mspId: string,
    name: string,
    sequence: number,
  ): Promise<peer.lifecycle.QueryApprovedChaincodeDefinitionResult.AsObject> {
    const args = new lifecycle.QueryApprovedChaincodeDefinitionArgs();
    args.setName(name);
    args.setSequence(sequence);
    const answer = await this.#query('QueryApprovedChaincodeDefinition', args, mspId);
    return lifecycle.QueryApprovedChaincodeDefinitionResult.deserializeBinary(answer).toObject();
  }

  /** Installs, approves by everybody and commits as the next sequence. */
  async deploy(name: string, bytes: Uint8Array): Promise<Definition> {
    const packageId = await this.install(bytes);
    const sequence = ((await this.committed(name))?.sequence ?? 0) + 1;
    const definition = { name, version: `1.${sequence}`, sequence };
    for (const { mspId } of this.#target.organisations) {
      assertValid('approval', await this.approve(mspId, definition, packageId));
    }
    assertValid('commit', await this.commit(definition));
    return definition;
  }

  #peerOf(mspId: string): string {
    return this.#target.organisations.find((known) => known.mspId === mspId)!.peers[0]!;
  }

  /** What concerns one peer alone goes to no channel. */
  async #onPeer(
    mspId: string,
    node: string,
    name: string,
    args: { serializeBinary(): Uint8Array },
  ): Promise<Uint8Array> {
    const call = [Buffer.from(name), args.serializeBinary()];
    const fields = { channel: '', chaincode: LIFECYCLE, args: call };
    const endorsed = await this.#target.clientOf(mspId).endorse(fields, [node]);
    assertSuccess(endorsed);
    return endorsed.responses[0]!.getResponse()!.getPayload_asU8();
  }

  async #query(
    name: string,
    args: { serializeBinary(): Uint8Array },
    mspId: string = this.#target.organisations[0].mspId,
  ): Promise<Uint8Array> {
    const { channel } = this.#target;
    const call = [Buffer.from(name), args.serializeBinary()];
    const fields = { channel, chaincode: LIFECYCLE, args: call };
    const endorsed = await this.#target.clientOf(mspId).endorse(fields, [this.#peerOf(mspId)]);
    assertSuccess(endorsed);
    return endorsed.responses[0]!.getResponse()!.getPayload_asU8();
  }

  async #submit(
    mspId: string,
    args: readonly Uint8Array[],
    endorsers: readonly string[],
  ): Promise<number> {
    const client = this.#target.clientOf(mspId);
    const fields = { channel: this.#target.channel, chaincode: LIFECYCLE, args };
    const endorsed = await client.endorse(fields, endorsers);
    assertSuccess(endorsed);
    const { draft, responses } = endorsed;
    return this.#target.commit(newEnvelope(draft, responses, client.signer));
  }
}

function assertValid(what: string, code: number): void {
  if (code !== VALID) {
    throw new Error(`expected the ${what} of a definition to be valid, got code ${code}`);
  }
}
