/** `lamplighter device provision`: asks the model's vendor node in a running city for a device, and writes its document. */
import { resolve } from 'node:path';
import { writeFileAtomic } from '../../atomic-file.ts';
import { DEMO_INTERVALS } from '../city/plan.ts';
import { OperatorError } from '../errors.ts';
import { type OperatorEntry, readOperatorFile } from '../operator-file.ts';
import { askVendor } from '../vendor-request.ts';

/** As on the command line. */
export interface ProvisionFlags {
  readonly directory: string;
  readonly model: string;
  readonly kind: 'end' | 'lightweight';
  readonly image: string;
  readonly out: string;
  readonly id?: string;
  readonly manager?: string;
  readonly seq?: number;
  readonly ver?: string;
  readonly suite?: number;
  readonly legacy: boolean;
  readonly chained: boolean;
}

/** Of the vendors' roots: none was ever replaced in the demonstration. */
const FIRST_GENERATION = 0;

/** @throws {OperatorError} CITY_NOT_RUNNING, OPTION_INVALID, REQUEST_REFUSED */
export async function provision(flags: ProvisionFlags): Promise<void> {
  const directory = resolve(flags.directory);
  const request = {
    model: flags.model,
    kind: flags.kind,
    image: resolve(flags.image),
    ...DEMO_INTERVALS,
    gen: FIRST_GENERATION,
    legacy: flags.legacy,
    chained: flags.chained,
    ...(flags.suite === undefined ? {} : { suite: flags.suite }),
    ...(flags.id === undefined ? {} : { id: flags.id }),
    ...(flags.manager === undefined ? {} : { manager: flags.manager }),
    ...(flags.seq === undefined ? {} : { seq: flags.seq }),
    ...(flags.ver === undefined ? {} : { version: flags.ver }),
  };
  const document = await askVendor(
    vendorOf(flags.model, readOperatorFile(directory)),
    'devices',
    request,
  );
  const out = resolve(flags.out);
  await writeFileAtomic(out, `${JSON.stringify(document, null, 2)}\n`, 0o600);
  process.stdout.write(
    `${String(document['device'])}: provisioned by ${String(document['vendor'])}, written to ${out}\n`,
  );
}

function vendorOf(model: string, entries: readonly OperatorEntry[]): OperatorEntry {
  const entry = entries.find((each) => each.models.includes(model));
  if (entry !== undefined) return entry;
  const models = entries.flatMap((each) => each.models).join(', ');
  throw new OperatorError(
    'OPTION_INVALID',
    `no vendor of this city makes "${model}"; models: ${models}`,
  );
}
