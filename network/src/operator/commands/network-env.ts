/** `lamplighter network env`: what a shell needs for Fabric's `peer` command. */
import { exportLines, peerEnvironment } from '../network/peer-environment.ts';
import { requireRunning } from '../network/running-file.ts';
import { stateDirectoryPath } from '../state-directory.ts';

export interface EnvFlags {
  readonly directory?: string;
  readonly user: string;
  readonly json: boolean;
}

/** Prints what a shell needs for Fabric's `peer` command. */
export function env(organisation: string, flags: EnvFlags): void {
  const directory = stateDirectoryPath(flags.directory);
  const environment = peerEnvironment(requireRunning(directory), organisation, flags.user);
  process.stdout.write(
    flags.json ? `${JSON.stringify(environment, null, 2)}\n` : exportLines(environment),
  );
}
