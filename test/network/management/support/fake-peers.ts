/** Two organisations' peers over a {@link FakeLedger}, which sign what it has as the contracts would say it (protocol §7.3). */
import { encodeValidatorSet, type ProofResponse, type ValidatorSet } from '@lamplighter/sdk/wire';
import { createHash, createPublicKey } from 'node:crypto';
import {
  LedgerError,
  type AskOptions,
  type ProofSource,
} from '../../../../network/src/ledger/index.ts';
import { newIdentity, type SigningIdentity } from '../../../chaincode/identities.ts';
import { aProposal, signAnswer } from '../../../chaincode/stake/endorsing-peer.ts';
import type { FakeLedger } from './fake-ledger.ts';

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const bytesOf = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

function pointOf({ privateKey }: SigningIdentity): Uint8Array {
  const { x = '', y = '' } = createPublicKey(
    privateKey.export({ type: 'pkcs8', format: 'pem' }),
  ).export({ format: 'jwk' });
  return Buffer.concat([Buffer.of(4), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]);
}

/** See the module comment. */
export class FakePeers implements ProofSource {
  readonly channel = 'city';
  readonly chaincode = 'lamplighter';
  /** Whether they answer. */
  silent = false;
  /** Calls of Firmware:ProveRelease. */
  calls = 0;
  #ledger: FakeLedger | undefined;
  readonly #identities: readonly SigningIdentity[];
  readonly #sets: Uint8Array[] = [];

  private constructor(identities: readonly SigningIdentity[]) {
    this.#identities = identities;
  }

  static async enrol(): Promise<FakePeers> {
    const identities = [await newIdentity('AMSP', 'peer.a'), await newIdentity('BMSP', 'peer.b')];
    return new FakePeers(identities);
  }

  /** @param shares of each organisation in one set after another */
  serve(ledger: FakeLedger, ...shares: readonly number[]): void {
    this.#ledger = ledger;
    ledger.proofs = this;
    for (const each of shares) this.move(each);
  }

  /** The next set. */
  move(shares: number): void {
    const epoch = this.#sets.length + 1;
    const validators = this.#identities.map((identity) => ({
      mspId: identity.mspId,
      cert: bytesOf(identity.digest),
      key: new Uint8Array(pointOf(identity)),
      shares,
    }));
    const set: ValidatorSet = { epoch, num: 1, den: 2, total: 2 * shares, validators };
    const encoded = encodeValidatorSet(set);
    this.#sets.push(encoded);
    const head = { epoch, digest: sha256(encoded) };
    this.#ledger?.queries.set('Stake:Validators', head);
    this.#ledger?.queries.set(`Stake:ValidatorSet ${epoch}`, { ...head, set: hexOf(encoded) });
  }

  /** The set of an epoch, encoded. */
  set(epoch: number): Uint8Array {
    return this.#sets[epoch - 1]!;
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- as the seam has it
  async ask(
    transaction: string,
    args: readonly string[],
    options: AskOptions = {},
  ): Promise<readonly ProofResponse[]> {
    options.signal?.throwIfAborted();
    if (this.silent) throw new LedgerError('UNAVAILABLE', 'no peer answers');
    const isRelease = transaction === 'Firmware:ProveRelease';
    if (isRelease) this.calls += 1;
    const statement = isRelease ? this.#release(args) : this.#link(args);
    const proposal = aProposal(this.#identities[0]!, [transaction, ...args], { seconds: 1 });
    return this.#identities.map((identity) => {
      const signed = signAnswer(identity, proposal.hash, {
        reads: [],
        writes: [],
        response: JSON.stringify(Object.fromEntries(Object.entries(statement).sort())),
        event: null,
        chaincode: this.chaincode,
        version: '1',
        sequenceBlock: 1,
      });
      return {
        chdr: proposal.channelHeader,
        shdr: proposal.signatureHeader,
        ccpp: proposal.payload,
        payload: bytesOf(signed.payload),
        endorser: bytesOf(signed.endorser),
        sig: bytesOf(signed.signature),
      };
    });
  }

  #release([model = '', challenge = '']: readonly string[]): object {
    const [latest] = [...(this.#ledger?.releases.values() ?? [])]
      .filter((release) => release.model === model && release.state === 'approved')
      .sort((left, right) => right.firmware.sequence - left.firmware.sequence);
    return {
      docType: 'releaseProof',
      schema: 1,
      channel: this.channel,
      model,
      challenge,
      ...(latest === undefined
        ? { gen: 0, seq: 0 }
        : { gen: latest.firmware.gen, seq: latest.firmware.sequence }),
      manifest: latest?.id ?? '',
      epoch: this.#sets.length,
      validators: sha256(this.set(this.#sets.length)),
      time: 1_795_000_000,
    };
  }

  #link([from = '', to = '']: readonly string[]): object {
    const epoch = this.#sets.findIndex((set) => sha256(set) === to) + 1;
    return { docType: 'validatorLink', schema: 1, channel: this.channel, epoch, from, to };
  }
}
