/** What a proof by the ledger costs (protocol §7.3): bytes, time to collect for one device and for many, time to verify. */
import { randomBytes } from 'node:crypto';

import { weighReleaseProof } from '@lamplighter/sdk/protocol';
import { decodeProofSet, encodeValidatorSet } from '@lamplighter/sdk/wire';

import { measureInBrowser } from './browser.ts';
import { MODEL, ProvingNetwork } from './proving-network.ts';
import type { Sample } from './samples.ts';

export interface ProofBenchOptions {
  /** Devices that ask at the same time. */
  readonly devices: number;
  /** Of each measurement; medians are printed. */
  readonly turns: number;
}

/** @returns lines worth reading */
export async function benchProofs(
  { devices, turns }: ProofBenchOptions,
  tell: (progress: string) => void,
): Promise<readonly string[]> {
  tell('starting the network');
  await using network = await ProvingNetwork.start();
  tell('collecting');
  const alone = await collected(network, 1, turns);
  const together = await collected(network, devices, turns);
  tell('verifying');
  const browser = await measureInBrowser(alone.sample);
  return [
    line('proof set, one device', `${alone.bytes} B in ${alone.responses} answers`),
    line(`proof set, ${devices} devices`, `${together.bytes} B each`),
    line('link to the next set', `${linkBytes(network)} B`),
    line('collected for one device', `${ms(alone.ms)}, of which 50 ms wait for others`),
    line(`collected for ${devices} devices`, `${ms(together.ms)} for all of them, by one call`),
    line('verified in Node', ms(verified(together.sample, turns))),
    line('bundle for browsers', `${browser.bundleBytes} B, ${browser.gzippedBytes} B gzipped`),
    line(
      'verified in a browser',
      browser.verifyMs === null
        ? 'not measured: no Chromium on PATH'
        : `${ms(browser.verifyMs)} (Chromium)`,
    ),
  ];
}

interface Collected {
  readonly ms: number;
  readonly bytes: number;
  readonly responses: number;
  readonly sample: Sample;
}

async function collected(
  { proofs, source, validators }: ProvingNetwork,
  devices: number,
  turns: number,
): Promise<Collected> {
  const times: number[] = [];
  let last: { readonly proofs: Uint8Array; readonly challenge: Uint8Array } | undefined;
  for (let turn = 0; turn < turns; turn++) {
    const challenges = Array.from({ length: devices }, () => new Uint8Array(randomBytes(32)));
    const begin = performance.now();
    const proven = await Promise.all(challenges.map((each) => proofs.prove(MODEL, each)));
    times.push(performance.now() - begin);
    const [proof] = proven;
    const [challenge] = challenges;
    if (proof !== undefined && challenge !== undefined)
      last = { proofs: proof.proofSet, challenge };
  }
  const set = validators.newest?.set;
  if (last === undefined || set === undefined) throw new RangeError('expected at least one turn');
  const { channel, chaincode } = source;
  const pin = { channel, chaincode };
  return {
    ms: median(times),
    bytes: last.proofs.length,
    responses: decodeProofSet(last.proofs).responses.length,
    sample: { ...last, model: MODEL, pin, set: encodeValidatorSet(set) },
  };
}

function verified({ proofs, challenge, model, pin, set }: Sample, turns: number): number {
  const times: number[] = [];
  for (let turn = 0; turn < 10 * turns; turn++) {
    const begin = performance.now();
    weighReleaseProof(proofs, { model, challenge }, pin, set);
    times.push(performance.now() - begin);
  }
  return median(times);
}

function linkBytes({ validators }: ProvingNetwork): number {
  return Math.max(...validators.links.map(({ length }) => length));
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

function line(name: string, value: string): string {
  return `${name.padEnd(28)} ${value}`;
}

function ms(value: number): string {
  return `${value.toFixed(1)} ms`;
}
