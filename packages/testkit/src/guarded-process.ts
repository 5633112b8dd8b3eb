/**
 * Child processes that never outlive the tests, not even when the tests are killed with SIGKILL.
 *
 * On Linux the kernel sends SIGKILL to the child when the thread that started it ends (`setpriv`).
 * Elsewhere, and for temporary folders everywhere, the next start cleans up: a folder's name carries
 * the pid of its owner, and the file `pid` in it that of the child.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

/** Kinds may be of several words. */
const folderPattern = /^sluice-[a-z-]+-(\d+)-/;

export interface GuardedSpawn {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** In a process group of its own, so that Ctrl-C in the terminal does not reach it. Default false. */
  readonly detached?: boolean;
  /** As another user, which needs root. */
  readonly user?: ProcessUser;
}

export interface ProcessUser {
  readonly uid: number;
  readonly gid: number;
}

/** Starts a process whose output can be read and which dies with this one. */
export function spawnGuarded({
  command,
  args,
  cwd,
  env,
  detached = false,
  user,
}: GuardedSpawn): ChildProcess {
  return spawn(...guardedCommand(command, args), {
    // An input that nothing is written to: it ends with this process, which a child may wait for.
    stdio: ['pipe', 'pipe', 'pipe'],
    detached,
    ...(cwd === undefined ? {} : { cwd }),
    ...(env === undefined ? {} : { env }),
    ...user,
  });
}

/**
 * The command with which the process dies with the one that starts it. Its pid is the command's own,
 * since `setpriv` replaces itself by it.
 */
export function guardedCommand(command: string, args: readonly string[]): [string, string[]] {
  const setpriv = process.platform === 'linux' ? findOnPath('setpriv') : undefined;
  return setpriv === undefined
    ? [command, [...args]]
    : [setpriv, ['--pdeathsig', 'KILL', command, ...args]];
}

/** The first executable of this name on the PATH. */
export function findOnPath(name: string, path = process.env['PATH'] ?? ''): string | undefined {
  for (const folder of path.split(delimiter)) {
    if (folder === '') continue;
    const candidate = join(folder, name);
    try {
      accessSync(candidate, constants.X_OK);
      return candidate;
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
}

/** A temporary folder that belongs to this process; those of processes that are gone are removed. */
export function makeOwnedFolder(kind: string): string {
  removeAbandonedFolders();
  return mkdtempSync(join(tmpdir(), `sluice-${kind}-${process.pid}-`));
}

function removeAbandonedFolders(): void {
  for (const name of readdirSync(tmpdir())) {
    const owner = folderPattern.exec(name)?.[1];
    if (owner === undefined || isAlive(Number(owner))) continue;
    const folder = join(tmpdir(), name);
    try {
      killRecorded(folder);
      rmSync(folder, { recursive: true, force: true });
    } catch {
      // Another process cleans up the same folder at this moment, or it is another user's.
    }
  }
}

/** Kills the process recorded in the folder, provided that it still has this folder on its command line. */
function killRecorded(folder: string): void {
  let pid: number;
  try {
    pid = Number(readFileSync(join(folder, 'pid'), 'utf8'));
  } catch {
    return;
  }
  if (Number.isInteger(pid) && pid > 1 && commandLine(pid).includes(folder)) {
    process.kill(pid, 'SIGKILL');
  }
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

/** Whether a process of this id runs; one that ended and waits for its parent to notice does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it exists, but is another user's.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
  try {
    // "pid (name) state …"; the name may hold anything, so the state is looked for after its end.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.charAt(stat.lastIndexOf(')') + 2) !== 'Z';
  } catch {
    // No /proc: not Linux.
    return true;
  }
}
