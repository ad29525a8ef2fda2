/** The two statements of docs/protocol.md §7.3, by name: exactly these keys, of these forms. */
import { fromHex } from '../wire/bytes.ts';
import type { Statement } from '../wire/statement.ts';

/** What the ledger says of a model's releases. */
export interface ReleaseStatement {
  /** Of the latest approved release; 0 and 0 for none. */
  readonly gen: number;
  readonly seq: number;
  /** SHA-256 of its signed payload, hex; empty for none. */
  readonly manifest: string;
  /** Changes of the validator set so far. */
  readonly epoch: number;
  /** SHA-256 of the present set, hex. */
  readonly validators: string;
  /** Seconds since 1970, as the submitter wrote it: a lower bound only. */
  readonly time: number;
}

const DIGEST = /^[0-9a-f]{64}$/;

type Forms = Readonly<Record<string, 'integer' | 'digest' | 'digest-or-none' | string[]>>;

/** True when a statement has exactly these keys: given texts, digests in hex, or integers. */
function hasForm(statement: Statement, forms: Forms): boolean {
  const names = Object.keys(forms);
  return statement.size === names.length && names.every((name) => fits(statement, name, forms));
}

function fits(statement: Statement, name: string, forms: Forms): boolean {
  const value = statement.get(name);
  const form = forms[name];
  if (form === 'integer') return typeof value === 'number';
  if (typeof value !== 'string') return false;
  if (Array.isArray(form)) return form.includes(value);
  return DIGEST.test(value) || (form === 'digest-or-none' && value === '');
}

/** A releaseProof of this channel, model and challenge (hex of C), or null. */
export function readReleaseStatement(
  statement: Statement,
  about: { readonly channel: string; readonly model: string; readonly challenge: string },
): ReleaseStatement | null {
  const right = hasForm(statement, {
    docType: ['releaseProof'],
    schema: 'integer',
    channel: [about.channel],
    model: [about.model],
    challenge: [about.challenge],
    gen: 'integer',
    seq: 'integer',
    manifest: 'digest-or-none',
    epoch: 'integer',
    validators: 'digest',
    time: 'integer',
  });
  if (!right || statement.get('schema') !== 1) return null;
  return Object.fromEntries(statement) as unknown as ReleaseStatement;
}

/** A validatorLink of this channel between these sets (hex digests) to this epoch. */
export function isLinkStatement(
  statement: Statement,
  link: {
    readonly channel: string;
    readonly epoch: number;
    readonly from: string;
    readonly to: string;
  },
): boolean {
  const right = hasForm(statement, {
    docType: ['validatorLink'],
    schema: 'integer',
    channel: [link.channel],
    epoch: 'integer',
    from: [link.from],
    to: [link.to],
  });
  return right && statement.get('schema') === 1 && statement.get('epoch') === link.epoch;
}

/** The manifest's digest that a statement names; null for no release. */
export function manifestOf({ manifest }: ReleaseStatement): Uint8Array | null {
  return manifest === '' ? null : fromHex(manifest);
}
