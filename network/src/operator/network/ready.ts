/** What is said when a network is ready: how it is, and what to do next. */
import { DEFAULT_DIRECTORY, stateDirectoryPath } from '../state-directory.ts';
import { reportLines, reportOn } from './report.ts';
import { requireRunning } from './running-file.ts';

export async function showReady(directory: string, print: (line: string) => void): Promise<void> {
  const running = requireRunning(directory);
  const report = await reportOn(directory, running);
  for (const line of reportLines(report)) print(line);
  const where =
    directory === stateDirectoryPath(DEFAULT_DIRECTORY) ? '' : ` --directory ${directory}`;
  const own = report.peers.find(({ name }) => running.runs?.includes(name) ?? true);
  if (own === undefined) return;
  print(`for the peer command: eval "$(npx lamplighter network env ${own.organisation}${where})"`);
}
