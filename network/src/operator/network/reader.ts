/** A client of a running network's ledger that only asks: as an enrolled user of the first organisation that has one here. */
import { X509Certificate } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectLedger, type Ledger, type LedgerIdentity } from '../../ledger/index.ts';
import { OperatorError } from '../errors.ts';
import { networkFolder, type RunningNetwork, type RunningOrganisation } from './running-file.ts';

/** Whoever of them has a folder here: on one of several hosts, not all members have. */
const READERS = ['User1', 'Admin'];

/** Whether there is anybody to ask as. */
export function hasReader(network: RunningNetwork): boolean {
  return readerOf(network) !== undefined;
}

/**
 * @param directory the state directory
 * @param answerWithinMs for one answer of a peer
 * @returns a client that the caller closes
 * @throws {OperatorError} OPTION_INVALID when there is nobody to ask as
 */
export function connectReader(
  directory: string,
  network: RunningNetwork,
  answerWithinMs: number,
): Promise<Ledger> {
  const { channel, chaincode } = network;
  const reader = readerOf(network);
  if (reader === undefined) {
    throw new OperatorError('OPTION_INVALID', `${directory} has the keys of no member`);
  }
  const { organisation, folder } = reader;
  const profile = join(networkFolder(directory), `connection-${organisation.name}.json`);
  return connectLedger({
    profile: JSON.parse(readFileSync(profile, 'utf8')) as object,
    identity: identityOf(organisation, folder),
    channel,
    chaincode: chaincode.name,
    endorseTimeoutMs: answerWithinMs,
  });
}

interface Reader {
  readonly organisation: RunningOrganisation;
  /** Of its MSP. */
  readonly folder: string;
}

function readerOf({ organisations }: RunningNetwork): Reader | undefined {
  return organisations
    .flatMap((organisation) =>
      READERS.map((name) => ({
        organisation,
        folder: join(organisation.users, `${name}@${organisation.domain}`, 'msp'),
      })),
    )
    .find(({ folder }) => existsSync(folder));
}

function identityOf({ mspId }: RunningOrganisation, folder: string): LedgerIdentity {
  const only = (name: string): string => {
    const [file = ''] = readdirSync(join(folder, name));
    return readFileSync(join(folder, name, file), 'utf8');
  };
  const certificate = new X509Certificate(only('signcerts')).toString();
  return { mspId, certificate, privateKey: only('keystore') };
}
