/** What a browser needs to verify a proof, and how long it takes there, in a Chromium without a window if one is on PATH. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';

import { build } from 'esbuild';

import type { Sample } from './samples.ts';

/** Turns in the browser; the first are left out. */
const TURNS = 60;
const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'chrome', 'headless_shell'];

export interface BrowserResult {
  readonly bundleBytes: number;
  readonly gzippedBytes: number;
  /** Median, milliseconds; null where no Chromium was found. */
  readonly verifyMs: number | null;
}

export async function measureInBrowser(sample: Sample): Promise<BrowserResult> {
  const code = await bundleOf(sample);
  const library = await bundleOf(null);
  return {
    bundleBytes: library.length,
    gzippedBytes: gzipSync(library).length,
    verifyMs: runIn(code),
  };
}

/** @param sample what is verified in turns; null for the verification alone */
async function bundleOf(sample: Sample | null): Promise<string> {
  const { outputFiles } = await build({
    stdin: {
      contents: sample === null ? LIBRARY : pageOf(sample),
      resolveDir: process.cwd(),
      loader: 'ts',
    },
    bundle: true,
    minify: true,
    write: false,
    platform: 'browser',
    format: 'iife',
    target: 'es2022',
  });
  return outputFiles[0]?.text ?? '';
}

const PROTOCOL = path.resolve('sdk/src/protocol/proof-verification.ts');
const LIBRARY = `import { followLink, weighReleaseProof } from ${JSON.stringify(PROTOCOL)};
Object.assign(globalThis, { followLink, weighReleaseProof });`;

function pageOf({ proofs, challenge, model, pin, set }: Sample): string {
  const bytes = (value: Uint8Array): string => `Uint8Array.from([${value.join()}])`;
  return `import { weighReleaseProof } from ${JSON.stringify(PROTOCOL)};
const question = { model: ${JSON.stringify(model)}, challenge: ${bytes(challenge)} };
const times = [];
for (let turn = 0; turn < ${TURNS}; turn++) {
  const begin = performance.now();
  weighReleaseProof(${bytes(proofs)}, question, ${JSON.stringify(pin)}, ${bytes(set)});
  times.push(performance.now() - begin);
}
const sorted = times.slice(${TURNS} / 3).sort((left, right) => left - right);
document.body.textContent = 'median ' + sorted[Math.floor(sorted.length / 2)] + ' end';`;
}

function runIn(code: string): number | null {
  const browser = NAMES.find((name) => spawnSync(name, ['--version']).status === 0);
  if (browser === undefined) return null;
  const directory = mkdtempSync(path.join(tmpdir(), 'proof-'));
  try {
    const page = path.join(directory, 'page.html');
    writeFileSync(page, `<!doctype html><body><script>${code}</script></body>`);
    const args = ['--headless', '--disable-gpu', '--no-sandbox', '--dump-dom', `file://${page}`];
    const { stdout } = spawnSync(browser, args, { encoding: 'utf8', timeout: 120_000 });
    const median = /median ([\d.]+) end/.exec(stdout)?.[1];
    if (median === undefined) throw new Error(`${browser} did not show a median`);
    return Number(median);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
