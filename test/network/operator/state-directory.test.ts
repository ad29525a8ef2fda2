import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StateDirectory } from '../../../network/src/operator/state-directory.ts';

describe('the state directory', () => {
  let path: string;
  beforeEach(() => {
    path = mkdtempSync(join(tmpdir(), 'lamplighter-test-'));
  });
  afterEach(() => {
    rmSync(path, { recursive: true, force: true });
  });
  const open = (fresh = false): StateDirectory => StateDirectory.open(path, { fresh });
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
