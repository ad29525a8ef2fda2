/** Calls of `_lifecycle` as an administrator of an organisation, over gRPC like any client's. */
import { common, peer } from '@hyperledger/fabric-protos';

import type { EmbeddedNetwork } from '../../../network/src/embedded/index.ts';
import { newSigner } from '../../../network/src/membership/signer.ts';
import { newEnvelope, RawClient, type CommitListener } from './raw-client.ts';

const { lifecycle } = peer;

export interface Definition {
  readonly name: string;
  readonly version: string;
  readonly sequence: number;
  /** Serialised common.ApplicationPolicy; the channel's default when left out. */
  readonly policy?: Uint8Array;
}

/** What the arguments of approve, commit and readiness have in common. */
interface DefinitionArgs {
  setName(name: string): unknown;
  setVersion(version: string): unknown;
  setSequence(sequence: number): unknown;
  setValidationParameter(parameter: Uint8Array): unknown;
  serializeBinary(): Uint8Array;
}

function filled<Args extends DefinitionArgs>(args: Args, definition: Definition): Args {
  args.setName(definition.name);
  args.setVersion(definition.version);
  args.setSequence(definition.sequence);
  if (definition.policy) {
    args.setValidationParameter(definition.policy);
  }
  return args;
}

export function approvalArgs(
  definition: Definition,
  packageId?: string,
): peer.lifecycle.ApproveChaincodeDefinitionForMyOrgArgs {
  const source = new lifecycle.ChaincodeSource();
  if (packageId === undefined) {
    source.setUnavailable(new lifecycle.ChaincodeSource.Unavailable());
  } else {
    const local = new lifecycle.ChaincodeSource.Local();
    local.setPackageId(packageId);
    source.setLocalPackage(local);
  }
  const args = filled(new lifecycle.ApproveChaincodeDefinitionForMyOrgArgs(), definition);
  args.setSource(source);
  return args;
}

export class LifecycleClient {
  readonly #client: RawClient;
  readonly #own: string;
  /** One a peer: the next call may go to any of them. */
  readonly #listeners: readonly CommitListener[];

  private constructor(client: RawClient, own: string, listeners: readonly CommitListener[]) {
    this.#client = client;
    this.#own = own;
    this.#listeners = listeners;
  }

  static async open(
    network: EmbeddedNetwork,
    mspId: string,
    role: 'admin' | 'client' | 'peer' = 'admin',
  ): Promise<LifecycleClient> {
    const profile = network.connectionProfile(mspId);
    const signer = newSigner(await network.enrol(mspId, `lifecycle-${role}`, role));
    const client = new RawClient(profile, signer);
    const own = Object.values(profile.organizations).find(({ mspid }) => mspid === mspId)!
      .peers[0]!;
    return new LifecycleClient(
      client,
      own,
      await Promise.all(client.peers.map((node) => client.follow(node))),
    );
  }

  get client(): RawClient {
    return this.#client;
  }

  /** Its own organisation's peer. */
  get peer(): string {
    return this.#own;
  }

  close(): void {
    this.#listeners.forEach((listener) => {
      listener.close();
    });
    this.#client.close();
  }

  /** Asks the own peer. */
  ask(name: string, input: Uint8Array, channel = 'city', node = this.#own): Promise<peer.Response> {
    return this.#client.query({ chaincode: '_lifecycle', channel, args: [name, input] }, node);
  }

  install(bytes: Uint8Array): Promise<peer.Response> {
    const args = new lifecycle.InstallChaincodeArgs();
    args.setChaincodeInstallPackage(bytes);
    return this.ask('InstallChaincode', args.serializeBinary(), '');
  }

  async installed(): Promise<peer.lifecycle.QueryInstalledChaincodesResult.AsObject> {
    const response = await this.ask('QueryInstalledChaincodes', new Uint8Array(), '');
    return lifecycle.QueryInstalledChaincodesResult.deserializeBinary(
      response.getPayload_asU8(),
    ).toObject();
  }

  /** @returns the validation code. */
  approve(definition: Definition, packageId?: string): Promise<number> {
    const input = approvalArgs(definition, packageId).serializeBinary();
    return this.submit('ApproveChaincodeDefinitionForMyOrg', input, [this.#own]);
  }

  /** @returns the validation code. */
  commit(definition: Definition, nodes = this.#client.peers): Promise<number> {
    const args = filled(new lifecycle.CommitChaincodeDefinitionArgs(), definition);
    return this.submit('CommitChaincodeDefinition', args.serializeBinary(), nodes);
  }

  async readiness(
    definition: Definition,
  ): Promise<peer.lifecycle.CheckCommitReadinessResult.AsObject> {
    const args = filled(new lifecycle.CheckCommitReadinessArgs(), definition);
    const response = await this.ask('CheckCommitReadiness', args.serializeBinary());
    if (response.getStatus() !== 200) {
      throw new Error(response.getMessage());
    }
    return lifecycle.CheckCommitReadinessResult.deserializeBinary(
      response.getPayload_asU8(),
    ).toObject();
  }

  /** Rejects with the first peer's words when one does not endorse. @returns the validation code */
  async submit(name: string, input: Uint8Array, nodes: readonly string[]): Promise<number> {
    return this.invoke({ chaincode: '_lifecycle', args: [name, input] }, nodes);
  }

  /** @returns the validation code. */
  async invoke(
    call: { readonly chaincode: string; readonly args: readonly (string | Uint8Array)[] },
    nodes: readonly string[] = this.#client.peers,
  ): Promise<number> {
    const { draft, responses } = await this.#client.endorse(call, nodes);
    const refused = responses.find((response) => !response.getEndorsement());
    if (refused) {
      throw new Error(refused.getResponse()?.getMessage());
    }
    return this.order(newEnvelope(draft, responses, this.#client.signer), draft.transactionId);
  }

  /** @returns the validation code, when every peer has committed it. */
  async order(envelope: Uint8Array, transactionId: string): Promise<number> {
    const answer = await this.#client.broadcast(envelope);
    if (answer.status !== common.Status.SUCCESS) {
      throw new Error(answer.info);
    }
    const codes = this.#listeners.map((listener) => listener.code(transactionId));
    const [code = Number.NaN] = new Set(await Promise.all(codes));
    return code;
  }
}
