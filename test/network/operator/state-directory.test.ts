import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EngineKind } from '../../../network/src/operator/city/engine.ts';
import { StateDirectory } from '../../../network/src/operator/state-directory.ts';

describe('the state directory', () => {
  let path: string;
  beforeEach(() => {
    path = mkdtempSync(join(tmpdir(), 'lamplighter-test-'));
  });
  afterEach(() => {
    rmSync(path, { recursive: true, force: true });
  });
  const open = (fresh = false, engine: EngineKind = 'embedded'): StateDirectory =>
    StateDirectory.open(path, { fresh, engine });
  const code = (expected: string): Error => expect.objectContaining({ code: expected }) as Error;

  it('is held by one city at a time and free again afterwards', () => {
    const first = open();
    expect(() => open()).toThrow(code('DIRECTORY_IN_USE'));
    first[Symbol.dispose]();
    open()[Symbol.dispose]();
  });

  it('takes over from a process that is gone', () => {
    open()[Symbol.dispose]();
    writeFileSync(join(path, 'city.lock'), '4194303');
    open()[Symbol.dispose]();
    expect(existsSync(join(path, 'city.lock'))).toBe(false);
  });

  it('does not touch a directory that holds something else', () => {
    writeFileSync(join(path, 'thesis.tex'), 'years of work');
    expect(() => open(true)).toThrow(code('DIRECTORY_FOREIGN'));
    expect(readdirSync(path)).toEqual(['thesis.tex']);
  });

  it('refuses the state of another version and keeps it', () => {
    writeFileSync(join(path, 'city.json'), '{"format":"lamplighter.city.v9"}');
    expect(() => open()).toThrow(code('DIRECTORY_VERSION'));
    expect(readdirSync(path)).toEqual(['city.json']);
  });

  it.each([
    ['fabric', 'embedded', 'start it with --fabric'],
    ['embedded', 'fabric', 'start it without --fabric'],
  ] as const)('keeps the state of %s from %s, and says what to do', (first, second, words) => {
    open(false, first)[Symbol.dispose]();
    expect(() => open(false, second)).toThrow(code('DIRECTORY_ENGINE'));
    expect(() => open(false, second)).toThrow(words);
    open(false, first)[Symbol.dispose]();
    open(true, second)[Symbol.dispose]();
    expect(() => open(false, first)).toThrow(code('DIRECTORY_ENGINE'));
  });

  it('takes a directory that names no engine for the embedded one', () => {
    writeFileSync(join(path, 'city.json'), '{"format":"lamplighter.city.v2"}');
    expect(() => open(false, 'fabric')).toThrow(code('DIRECTORY_ENGINE'));
    open()[Symbol.dispose]();
  });

  it('is deleted whichever engine wrote it', () => {
    open(false, 'fabric')[Symbol.dispose]();
    StateDirectory.delete(path);
    expect(existsSync(path)).toBe(false);
  });

  it('tells a used directory from a new one', () => {
    using first = open();
    expect(() => {
      first.requireUnused();
    }).not.toThrow();
    first[Symbol.dispose]();
    using second = open();
    expect(() => {
      second.requireUnused();
    }).toThrow(code('DIRECTORY_USED'));
    second[Symbol.dispose]();
    using wiped = open(true);
    wiped.requireUnused();
  });

  it('wipes an earlier city when asked to', () => {
    open()[Symbol.dispose]();
    writeFileSync(join(path, 'blocks'), 'old');
    open(true)[Symbol.dispose]();
    expect(readdirSync(path)).toEqual(['city.json']);
  });
});
