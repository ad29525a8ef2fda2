/**
 * Which chaincodes this peer can run, and how: those that are defined on the channel, that its organisation has approved in just
 * that form, and whose package is installed (core/chaincode/lifecycle/endorsement_info.go).
 */
import { peer } from '@hyperledger/fabric-protos';

import { BoundedCache } from '../bounded-cache.ts';
import type { ChaincodeLink } from '../chaincode/link.ts';
import type { ChaincodeLinks } from '../chaincode/links.ts';
import { EmbeddedError } from '../errors.ts';
import type { Simulator } from '../ledger/simulator.ts';
import { sameVersion, type StateEntry, type StateView, type Version } from '../ledger/state.ts';
import { decode } from '../wire/messages.ts';
import { mismatchesOf, packageKey } from './approvals.ts';
import {
  fieldKey,
  LIFECYCLE,
  readDefinition,
  readerOf,
  type ChaincodeDefinition,
  type LifecycleReader,
} from './definitions.ts';

const CACHED = 256;

/** A chaincode that is defined on the channel and can be reached from this peer. */
export interface RunnableChaincode {
  readonly name: string;
  readonly version: string;
  readonly link: ChaincodeLink;
}

export interface ApprovedChaincodesOptions {
  readonly channel: string;
  /** The peer's own organisation. */
  readonly mspId: string;
  readonly links: ChaincodeLinks;
}

/** What was found once, and the state that it was found in: later approvals of a committed definition change its package only. */
interface Finding {
  readonly defined: Version;
  readonly approved: Version;
  readonly version: string;
  readonly packageId: string;
}

export class ApprovedChaincodes {
  readonly #options: ApprovedChaincodesOptions;
  readonly #findings = new BoundedCache<string, Finding>(CACHED);

  constructor(options: ApprovedChaincodesOptions) {
    this.#options = options;
  }

  /**
   * The one read that it notes, of the sequence, makes a transaction invalid when the definition changes before its commit.
   *
   * @throws {@link EmbeddedError} NOT_FOUND
   */
  async find(name: string, simulator: Simulator): Promise<RunnableChaincode> {
    const defined = await simulator.read(LIFECYCLE, fieldKey(name, 'Sequence'));
    if (!defined) {
      throw new EmbeddedError('NOT_FOUND', `chaincode ${name} not found`);
    }
    const read: LifecycleReader = (key) => simulator.peek(LIFECYCLE, key);
    const { version, packageId } = await this.#resolve(name, defined, read);
    const link = this.#options.links.find(packageId);
    if (!link) {
      throw new EmbeddedError(
        'NOT_FOUND',
        `chaincode definition for '${name}' exists, but chaincode is not installed`,
      );
    }
    return { name, version, link };
  }

  /** Whether {@link find} would find it. */
  async runs(name: string, view: StateView): Promise<boolean> {
    const read = readerOf(view);
    const defined = await read(fieldKey(name, 'Sequence'));
    if (!defined) {
      return false;
    }
    try {
      return this.#options.links.has((await this.#resolve(name, defined, read)).packageId);
    } catch (error) {
      if (!(error instanceof EmbeddedError)) {
        throw error;
      }
      return false;
    }
  }

  async #resolve(name: string, defined: StateEntry, read: LifecycleReader): Promise<Finding> {
    const sequence = decode(peer.lifecycle.StateData, defined.value, 'Sequence').getInt64();
    const approved = await read(packageKey(this.#options.mspId, name, sequence));
    const known = this.#findings.get(name);
    if (
      known &&
      sameVersion(known.defined, defined.version) &&
      sameVersion(known.approved, approved?.version)
    ) {
      return known;
    }
    const definition = await readDefinition(read, name);
    if (!definition || !approved || !(await this.#agrees(read, definition))) {
      throw new EmbeddedError(
        'NOT_FOUND',
        `chaincode definition for '${name}' at sequence ${sequence} on channel '${this.#options.channel}' has not yet been approved by this org`,
      );
    }
    const finding = {
      defined: defined.version,
      approved: approved.version,
      version: definition.version,
      packageId: decode(peer.lifecycle.StateData, approved.value, 'PackageID').getString(),
    };
    this.#findings.set(name, finding);
    return finding;
  }

  async #agrees(read: LifecycleReader, definition: ChaincodeDefinition): Promise<boolean> {
    return (await mismatchesOf(read, this.#options.mspId, definition)).length === 0;
  }
}
