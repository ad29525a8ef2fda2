import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

import { chooseValidation, PLUGIN_NAME } from '../../../network/src/operator/fabric-option.ts';
import { codeOf } from '../code-of.ts';

describe('what sees to stake on a Fabric network', () => {
  let folder: string;
  let peer: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'fabric-'));
    peer = join(folder, 'peer');
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('is stock peers where there is no plugin, and says where none was found', () => {
    const { validation, line } = chooseValidation(peer, { stockPeers: false });
    expect(validation).toEqual({ kind: 'coalitions' });
    expect(line).toContain(`there is no ${PLUGIN_NAME} in ${folder}`);
  });

  it('is the plugin beside the peer, unless stock peers are asked for', () => {
    const file = join(folder, PLUGIN_NAME);
    writeFileSync(file, '');
    const found = chooseValidation(peer, { stockPeers: false });
    expect(found.validation).toEqual({ kind: 'plugin', file });
    expect(found.line).toContain('found beside the peer');
    const forced = chooseValidation(peer, { stockPeers: true });
    expect(forced.validation).toEqual({ kind: 'coalitions' });
    expect(forced.line).toContain('as --stock-peers says');
  });

  it('is the plugin that is named, wherever the command is given', () => {
    writeFileSync(join(folder, PLUGIN_NAME), '');
    const file = join(folder, 'other.so');
    writeFileSync(file, '');
    const plugin = relative(process.cwd(), file);
    expect(chooseValidation(peer, { plugin, stockPeers: false })).toEqual({
      validation: { kind: 'plugin', file },
      line: expect.stringContaining(`${file} (as --plugin says)`) as string,
      flags: ['--plugin', file],
    });
  });

  it('is chosen again by its flags', () => {
    writeFileSync(join(folder, PLUGIN_NAME), '');
    const found = chooseValidation(peer, { stockPeers: false });
    const [, plugin = ''] = found.flags;
    expect(chooseValidation(peer, { plugin, stockPeers: false }).validation).toEqual(
      found.validation,
    );
    expect(chooseValidation(peer, { stockPeers: true }).flags).toEqual(['--stock-peers']);
  });

  it.each(['nowhere.so', ''])('is refused for a plugin that is no file: %j', async (name) => {
    mkdirSync(join(folder, 'sub'));
    const plugin = join(folder, 'sub', name);
    expect(await codeOf(() => chooseValidation(peer, { plugin, stockPeers: false }))).toBe(
      'OPTION_INVALID',
    );
  });
});
