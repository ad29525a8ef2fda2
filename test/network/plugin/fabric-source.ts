/**
 * Where Fabric's source is, for what can be compiled within its module graph only: the environment variable FABRIC_SOURCE. Nothing is
 * written there: Go is shown our files as if they lay in its folder `lamplighter`.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const PLUGIN = join(__dirname, '../../../network/plugin');
const PACKAGES = ['stake', 'validator'] as const;

/** Undefined where there is none: tests that need it count as skipped. */
export function fabricSource(): string | undefined {
  const source = process.env['FABRIC_SOURCE'];
  return source !== undefined && existsSync(join(source, 'go.mod')) ? source : undefined;
}

/** Runs Go in Fabric's module, with our packages in it. @param scratch a folder for the list of them */
export class FabricModule {
  readonly #source: string;
  readonly #overlay: string;

  constructor(source: string, scratch: string) {
    this.#source = source;
    this.#overlay = join(scratch, 'overlay.json');
    const files: readonly (readonly [string, string])[] = PACKAGES.flatMap((name) =>
      readdirSync(join(PLUGIN, name))
        .filter((file) => file.endsWith('.go'))
        .map(
          (file) => [join(source, 'lamplighter', name, file), join(PLUGIN, name, file)] as const,
        ),
    );
    writeFileSync(this.#overlay, JSON.stringify({ Replace: Object.fromEntries(files) }));
  }

  /** @param file where the plugin goes */
  buildPlugin(file: string): void {
    this.#go('build', '-trimpath', '-buildmode=plugin', '-o', file);
  }

  /** @param file where the tests' program goes; Go can not run it where nothing lies */
  buildTests(file: string): void {
    this.#go('test', '-c', '-vet=off', '-trimpath', '-o', file);
  }

  #go(...args: readonly string[]): void {
    execFileSync('go', [...args, '-overlay', this.#overlay, './lamplighter/validator'], {
      cwd: this.#source,
      env: { GOFLAGS: '-mod=vendor', ...process.env, GOPROXY: 'off', CGO_ENABLED: '1' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  }
}
