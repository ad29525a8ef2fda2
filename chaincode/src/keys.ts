/**
 * The keys of the world state. Ids hold no colon, so `kind:part:part` is unambiguous and all keys of one prefix lie
 * between `prefix:` and `prefix;`, the next character: lists are range scans that can not run open-ended.
 */
const INVERTED_DIGITS = 16;
const STRENGTH_DIGITS = 3;
const SUITE_DIGITS = 4;

/** Stands for the manager of a device that has none in the hierarchy; no id starts so. */
export const NO_MANAGER = '-';

/** Ascending keys of falling numbers: the newest comes first. */
function inverted(value: number): string {
  return String(Number.MAX_SAFE_INTEGER - value).padStart(INVERTED_DIGITS, '0');
}

export const keys = {
  vendor: (id: string): string => `vendor:${id}`,
  model: (id: string): string => `model:${id}`,
  manager: (id: string): string => `manager:${id}`,
  device: (id: string): string => `device:${id}`,
  status: (device: string): string => `status:${device}`,
  release: (id: string): string => `release:${id}`,
  update: (device: string): string => `update:${device}`,
  transmission: (release: string, id: string): string => `transmission:${release}:${id}`,
  /** The highest (gen, sequence) that a model's vendor ever published. */
  releaseHead: (model: string): string => `releaseHead:${model}`,
  /** The newest approved releases of a model. */
  approved: (model: string): string => `approved:${model}`,
  managed: (manager: string, device: string): string => `managed:${manager}:${device}`,
  hierarchy: (vendor: string, ...below: readonly string[]): string =>
    ['hierarchy', vendor, ...below].join(':'),
  /** In the order of their need: legacy suites, then the weakest. */
  strength: (
    { legacy, strength }: { readonly legacy: boolean; readonly strength: number },
    suite: number,
    device: string,
  ): string =>
    [
      'strength',
      legacy ? '0' : '1',
      String(strength).padStart(STRENGTH_DIGITS, '0'),
      suite.toString(16).padStart(SUITE_DIGITS, '0'),
      device,
    ].join(':'),
  strengths: (): string => 'strength:',
  /** Stands when stake decides; never rewritten, so reading it conflicts with nothing. */
  stakeFounded: (): string => 'stake:founded',
  stakeOffer: (id: string): string => `stake:offer:${id}`,
  stakeCase: (id: string): string => `stake:case:${id}`,
  stakeVotes: (motion: string, subject: string): string => `stake:vote:${motion}:${subject}`,
  /** The present validator set of protocol §7.3, and all that ever stood. */
  validators: (): string => 'stake:validators',
  validatorEpoch: (epoch: number): string => `stake:validatorEpoch:${epoch}`,
  validatorSet: (digest: string): string => `stake:validatorSet:${digest}`,
  organisationPeers: (mspId: string): string => `organisationPeers:${mspId}`,
  /** Every certificate that an organisation's peers ever endorsed with: rotation does not undo what was signed. */
  peerCertificate: (mspId: string, digest: string): string => `peerCertificate:${mspId}:${digest}`,
  abnormal: (device: string): string => `abnormal:${device}`,
  releasesOf: (model: string): string => `releaseOf:${model}:`,
  releaseOf: (model: string, gen: number, sequence: number, id: string): string =>
    `releaseOf:${model}:${inverted(gen)}:${inverted(sequence)}:${id}`,
} as const;

/** The end (exclusive) of all keys that start with `prefix`, which ends in a colon. */
export function endOf(prefix: string): string {
  return `${prefix.slice(0, -1)};`;
}
