/** The ledger on one host of several: its nodes, and what they are operated with. Who uses the ledger runs elsewhere. */
import type { Closers } from '../../closers.ts';
import { OperatorError } from '../errors.ts';
import { announce } from '../network/announce.ts';
import { Instruments } from '../network/instruments.ts';
import type { Engine } from './engine.ts';
import { CHANNEL, VERSION } from './plan.ts';

export interface PartSideOptions {
  /** As of one host: see network/host-folders.ts. */
  readonly folder: string;
  readonly engine: Engine;
  /** What was opened is added. */
  readonly closers: Closers;
  /** Lines worth reading. */
  readonly print: (line: string) => void;
  /** Ends the waiting for other hosts. */
  readonly signal: AbortSignal;
}

/** @throws {@link OperatorError} OPTION_INVALID for an engine that has one host; what the engine throws */
export async function startPartSide(options: PartSideOptions): Promise<void> {
  const { folder, engine, closers, print, signal } = options;
  if (engine.startPart === undefined) {
    throw new OperatorError('OPTION_INVALID', `the engine "${engine.kind}" has one host`);
  }
  const instruments = new Instruments(folder, CHANNEL, VERSION);
  closers.add(() => {
    instruments[Symbol.dispose]();
    return Promise.resolve();
  });
  const { logger } = instruments.logs;
  const part = await engine.startPart({ folder, logger, print, signal });
  closers.add(() => part.close());
  const { channel, chaincode, organisations, profile, runs } = part;
  const { name, version } = chaincode;
  await announce(
    part,
    {
      folder,
      kind: 'network',
      channel,
      chaincode: { name, version },
      organisations,
      profile,
      runs,
      version: VERSION,
    },
    instruments,
    closers,
  );
}
