/** What sees to stake on a Fabric network: a plugin that its peers load, or stock peers and coalitions. */
import { statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { OperatorError } from './errors.ts';

/** As on the command line. */
export interface FabricFlags {
  /** File. */
  readonly plugin?: string;
  readonly stockPeers: boolean;
}

/** Looked for beside the peer. */
export const PLUGIN_NAME = 'lamplighter-stake.so';

export interface FabricChoice {
  readonly validation:
    { readonly kind: 'plugin'; readonly file: string } | { readonly kind: 'coalitions' };
  /** What is used and why, in one line. */
  readonly line: string;
  /** The command line's options that choose it again. */
  readonly flags: readonly string[];
}

/**
 * @param peer path of the peer's program
 * @throws {OperatorError} OPTION_INVALID when there is no such plugin
 */
export function chooseValidation(peer: string, { plugin, stockPeers }: FabricFlags): FabricChoice {
  if (stockPeers) return coalitions('as --stock-peers says');
  if (plugin !== undefined) return named(resolve(plugin));
  const beside = join(dirname(peer), PLUGIN_NAME);
  return isFile(beside)
    ? withPlugin(beside, 'found beside the peer')
    : coalitions(`there is no ${PLUGIN_NAME} in ${dirname(peer)}, and --plugin names none`);
}

function named(file: string): FabricChoice {
  if (isFile(file)) return withPlugin(file, 'as --plugin says');
  throw new OperatorError('OPTION_INVALID', `--plugin expected a shared object, got ${file}`);
}

function withPlugin(file: string, why: string): FabricChoice {
  return {
    validation: { kind: 'plugin', file },
    line: `fabric: peers load ${file} (${why}): more than half of all shares decide, the validator among them`,
    flags: ['--plugin', file],
  };
}

function coalitions(why: string): FabricChoice {
  return {
    validation: { kind: 'coalitions' },
    line: `fabric: stock peers (${why}): coalitions with enough stake decide, and no validator is asked for`,
    flags: ['--stock-peers'],
  };
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}
