/** Debian's and Ubuntu's apt: what it has, and installing it as root. Nothing here throws; reasons are text. */
import { findOnPath } from '@sluice/testkit';
import { type Note, step } from './progress.ts';
import { runCommand } from './run-command.ts';

const aptEnvironment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' };

/** Why apt cannot install anything here; undefined if it can. */
export function whyNoApt(): string | undefined {
  if (findOnPath('apt-get') === undefined) return 'there is no apt-get';
  if (process.getuid?.() !== 0) return 'apt-get needs root, which this is not';
  return undefined;
}

/** Fetches the package lists; returns why that failed. */
export async function updateLists(tell: Note): Promise<string | undefined> {
  const updated = await step('apt-get update', async () => await apt(['update']), tell);
  return updated.code === 0 ? undefined : `apt-get update failed: ${lastLine(updated.output)}`;
}

/** Installs packages, as root; returns why that failed. */
export async function installPackages(
  names: readonly string[],
  tell: Note,
): Promise<string | undefined> {
  const what = `apt-get install ${names.join(' ')}`;
  const install = ['install', '-y', '--no-install-recommends', ...names];
  const installed = await step(
    what,
    async () => {
      const first = await apt(install);
      // Lists older than the archive name files that are gone.
      return first.code === 0 || (await apt(['update'])).code !== 0 ? first : await apt(install);
    },
    tell,
  );
  return installed.code === 0 ? undefined : `${what} failed: ${lastLine(installed.output)}`;
}

/** The version that apt would install, without Debian's epoch and revision: `7.0.15`. */
export async function candidateVersion(
  packageName: string,
  settings: readonly string[] = [],
): Promise<string | undefined> {
  const { output } = await runCommand('apt-cache', [...settings, 'policy', packageName], {
    env: aptEnvironment,
  });
  return /Candidate: (?:\d+:)?(\d+(?:\.\d+)*)/.exec(output)?.[1];
}

export async function apt(
  args: readonly string[],
  settings: readonly string[] = [],
  cwd = '/',
): ReturnType<typeof runCommand> {
  return await runCommand('apt-get', ['-q', ...settings, ...args], { cwd, env: aptEnvironment });
}

export function lastLine(output: string): string {
  const lines = output.trim().split('\n');
  return lines.findLast((line) => line.startsWith('E:')) ?? lines.at(-1) ?? '';
}
