/** What is said when a network is ready: how it is, and what to do next. */
import { DEFAULT_DIRECTORY, stateDirectoryPath } from '../state-directory.ts';
import { reportLines, reportOn } from './report.ts';
import { requireRunning } from './running-file.ts';

export async function showReady(directory: string, print: (line: string) => void): Promise<void> {
  const report = await reportOn(directory, requireRunning(directory));
  for (const line of reportLines(report)) print(line);
  const where =
    directory === stateDirectoryPath(DEFAULT_DIRECTORY) ? '' : ` --directory ${directory}`;
  const [first] = report.peers;
  print(
    `for the peer command: eval "$(npx lamplighter network env ${first?.organisation ?? 'ORG'}${where})"`,
  );
}
