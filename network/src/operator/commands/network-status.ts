/** `lamplighter network status`: whether a network runs, where, and how it is. */
import { findRunning, requireRunning } from '../network/running-file.ts';
import { stateDirectoryPath } from '../state-directory.ts';

export interface StatusFlags {
  readonly directory?: string;
  readonly json: boolean;
}

/** @returns the exit code: 0 when a network runs and is healthy */
export async function status(flags: StatusFlags): Promise<number> {
  const directory = stateDirectoryPath(flags.directory);
  if (flags.json && findRunning(directory) === undefined) {
    process.stdout.write(`${JSON.stringify({ running: false, directory }, null, 2)}\n`);
    return 1;
  }
  const running = requireRunning(directory);
  // Fabric's client is loaded when there is somebody to ask.
  const { reportLines, reportOn } = await import('../network/report.ts');
  const report = await reportOn(directory, running);
  process.stdout.write(
    flags.json ? `${JSON.stringify(report, null, 2)}\n` : `${reportLines(report).join('\n')}\n`,
  );
  return report.healthy ? 0 : 1;
}
