/**
 * Podman with a store of its own, so that nothing of the machine's is touched, and set up for what machines of
 * developers and of CI allow: no systemd, no daemon, the host's network.
 *
 * Tools that are missing come from Debian's packages, as root. What cannot be had, or does not run a first
 * container, is an error that lists what was tried.
 */
import { SluiceError } from '@sluice/kernel';
import { findOnPath } from '@sluice/testkit';
import { installPackages, updateLists, whyNoApt } from '../apt.ts';
import { unavailableCode } from '../checklist.ts';
import type { Note } from '../progress.ts';
import { type CommandResult, runCommand } from '../run-command.ts';

/** Commands, and Debian's packages that have them. */
const tools = { podman: 'podman', runc: 'runc', debootstrap: 'debootstrap' } as const;
const drivers = ['overlay', 'vfs'] as const;
const runtimes = ['runc', 'crun'] as const;
const buildLimitMs = 15 * 60_000;

/** @throws SluiceError `check.unavailable`. */
export async function obtainTools(tell: Note): Promise<void> {
  const missing = (): string[] =>
    Object.entries(tools).flatMap(([tool, name]) => (findOnPath(tool) === undefined ? [name] : []));
  const wanted = missing();
  if (wanted.length > 0) {
    const refused =
      whyNoApt() ??
      ((await installPackages(wanted, tell)) !== undefined
        ? ((await updateLists(tell)) ?? (await installPackages(wanted, tell)))
        : undefined);
    if (refused !== undefined || missing().length > 0) {
      throw unavailable(`${wanted.join(', ')} are missing`, [
        refused ?? `apt installed ${wanted.join(', ')}, which are not on the PATH`,
      ]);
    }
  }
  if (process.getuid?.() !== 0) {
    throw unavailable('images are built and run as root here', ['this is not root']);
  }
}

export class Podman {
  readonly #store: readonly string[];

  constructor(folder: string, driver: string, runtime: string) {
    this.#store = [
      `--root=${folder}/root`,
      `--runroot=${folder}/run`,
      `--storage-driver=${driver}`,
      `--runtime=${runtime}`,
      '--cgroup-manager=cgroupfs',
      '--events-backend=none',
      '--log-level=fatal',
    ];
  }

  /** The whole command, for whoever starts it. */
  command(...args: readonly string[]): [string, ...string[]] {
    return ['podman', ...this.#store, ...args];
  }

  async try(args: readonly string[], timeoutMs?: number): Promise<CommandResult> {
    const [command, ...all] = this.command(...args);
    return await runCommand(command, all, timeoutMs === undefined ? {} : { timeoutMs });
  }

  /** @throws SluiceError `images.podman` with what it said. */
  async run(args: readonly string[], timeoutMs?: number): Promise<string> {
    const { code, output } = await this.try(args, timeoutMs);
    if (code === 0) return output;
    throw new SluiceError(
      'images.podman',
      `podman ${args.join(' ')} ended with ${code}:\n${output.trim().slice(-4_000)}`,
    );
  }

  async build(tag: string, args: readonly string[]): Promise<string> {
    // Health checks are in Docker's format only; a build needs no namespaces of its own.
    const fixed = ['--format=docker', '--isolation=chroot', '--layers', `--tag=${tag}`];
    return await this.run(['build', ...fixed, ...args], buildLimitMs);
  }
}

/** Options of every container: as compose.yaml has them, and what this machine needs. */
export function containerOptions(): string[] {
  return [
    '--rm',
    '--read-only',
    '--tmpfs=/tmp',
    '--cap-drop=all',
    '--security-opt=no-new-privileges',
    '--network=host',
    '--pull=never',
    // By a timer of systemd otherwise; the check is called by hand.
    '--no-healthcheck',
    // The default may be more than this process has itself.
    '--ulimit=nofile=4096:4096',
    '--ulimit=nproc=4096:4096',
  ];
}

/**
 * The first way in which a container of the image that `makeImage` leaves in the store runs.
 * @throws SluiceError `check.unavailable` with what each way said.
 */
export async function firstThatRuns(
  folder: string,
  makeImage: (podman: Podman) => Promise<string>,
): Promise<{ podman: Podman; image: string }> {
  const reasons: string[] = [];
  for (const driver of drivers) {
    const probe = new Podman(`${folder}/${driver}`, driver, runtimes[0]);
    const info = await probe.try(['info']);
    if (info.code !== 0) {
      reasons.push(`podman with the storage driver ${driver}: ${lastLine(info.output)}`);
      continue;
    }
    const image = await makeImage(probe);
    for (const runtime of runtimes) {
      if (findOnPath(runtime) === undefined) continue;
      const podman = new Podman(`${folder}/${driver}`, driver, runtime);
      const ran = await podman.try(['run', ...containerOptions(), image, 'node', '--version']);
      if (ran.code === 0) return { podman, image };
      reasons.push(`a container with ${runtime} on ${driver}: ${lastLine(ran.output)}`);
    }
  }
  throw unavailable('no way to run a container works', reasons);
}

export function unavailable(what: string, tried: readonly string[]): SluiceError {
  const lines = tried.map((line) => `\n  - ${line}`).join('');
  return new SluiceError(unavailableCode, `${what}. Tried:${lines}`);
}

export function lastLine(output: string): string {
  return output.trim().split('\n').at(-1) ?? '';
}
