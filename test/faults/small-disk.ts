/**
 * A disk of a few MiB that can really be full: tmpfs in a mount namespace of its own, for root and, where the system lets
 * them have namespaces, for others. It is gone with the process that holds it, also when the tests are killed.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, open, rm, rmdir, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MOUNT = 'mount -t tmpfs -o "size=$1,mode=700" tmpfs "$0"';
const BALLAST = 'ballast';

/** See the module comment. */
export class SmallDisk implements AsyncDisposable {
  /** Path at which its own programs see it. */
  readonly directory: string;
  readonly #holder: ChildProcess;

  private constructor(directory: string, holder: ChildProcess) {
    this.directory = directory;
    this.#holder = holder;
  }

  /** Whether this system lets this user mount one. */
  static isPossible(): boolean {
    const script = `${MOUNT} && command -v nsenter`;
    return spawnSync('unshare', ['-rm', 'sh', '-c', script, tmpdir(), '65536']).status === 0;
  }

  static async mount(bytes: number): Promise<SmallDisk> {
    const directory = await mkdtemp(join(tmpdir(), 'lamplighter-small-disk-'));
    const script = `${MOUNT} && echo mounted && exec cat`;
    const holder = spawn('unshare', ['-rm', 'sh', '-c', script, directory, String(bytes)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await once(holder.stdout, 'data');
    return new SmallDisk(directory, holder);
  }

  /** Where this process finds what its programs know as `directory/…`. */
  outside(...names: readonly string[]): string {
    return join(`/proc/${String(this.#holder.pid)}/root`, this.directory, ...names);
  }

  /** Puts a copy of a directory's content on the disk. */
  async copy(directory: string): Promise<void> {
    await cp(directory, this.outside(), { recursive: true });
  }

  /** What to run so that a program of Node's sees the disk. */
  command(program: string): readonly [string, ...string[]] {
    const target = String(this.#holder.pid);
    const enter = ['--target', target, '--user', '--mount', '--preserve-credentials'];
    return ['nsenter', ...enter, process.execPath, program];
  }

  /** Takes all room but `leave` bytes. */
  async fill(leave = 0): Promise<void> {
    const { bavail, bsize } = await statfs(this.outside());
    const file = await open(this.outside(BALLAST), 'w');
    try {
      await file.writeFile(Buffer.alloc(Math.max(0, bavail * bsize - leave), 1));
      // Whatever the others gave back meanwhile.
      while (leave === 0) await file.appendFile(Buffer.alloc(4_096, 1));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    } finally {
      await file.close();
    }
  }

  /** Gives the room back. */
  async free(): Promise<void> {
    await rm(this.outside(BALLAST), { force: true });
  }

  /** When its programs have ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#holder.stdin?.end();
    if (this.#holder.exitCode === null) await once(this.#holder, 'exit');
    await rmdir(this.directory);
  }
}
