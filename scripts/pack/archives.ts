/** Our packages as archives, made by `npm pack` from a build that is up to date. */
import { globSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { SluiceError } from '@sluice/kernel';
import { repositoryRoot } from '@sluice/testkit';
import { runCommand } from '../run-command.ts';
import { staleFiles, strangeFiles } from './inspect.ts';
import type { Workspace } from './workspaces.ts';

const buildLimitMs = 15 * 60_000;

export interface Archive {
  readonly name: string;
  readonly path: string;
  /** Compressed and not. */
  readonly bytes: number;
  readonly unpackedBytes: number;
  readonly files: readonly string[];
}

interface Packed {
  readonly name: string;
  readonly filename: string;
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
}

export async function build(): Promise<void> {
  await npm(['run', 'build'], repositoryRoot, buildLimitMs);
}

/** @throws SluiceError `pack.strange` that lists what an archive should not have. */
export async function packAll(
  workspaces: readonly Workspace[],
  folder: string,
): Promise<{ archives: Archive[]; removed: string[] }> {
  const removed = workspaces.flatMap(removeStale);
  const only = workspaces.flatMap(({ name }) => ['--workspace', name]);
  const output = await npm(
    ['pack', '--json', '--ignore-scripts', '--pack-destination', folder, ...only],
    repositoryRoot,
  );
  const packed = JSON.parse(output.slice(output.indexOf('['))) as Packed[];
  const archives = packed.map(({ name, filename, size, unpackedSize, files }) => ({
    name,
    path: join(folder, filename),
    bytes: size,
    unpackedBytes: unpackedSize,
    files: files.map(({ path }) => path),
  }));
  const strange = archives.flatMap(({ name, files }) =>
    strangeFiles(files).map((file) => `${name}/${file}`),
  );
  const empty = archives.filter(({ files }) => !files.some((file) => /^dist\/.*\.js$/.test(file)));
  if (strange.length > 0 || empty.length > 0 || archives.length !== workspaces.length) {
    throw new SluiceError(
      'pack.strange',
      [
        ...strange.map((file) => `${file} would be published`),
        ...empty.map(({ name }) => `${name} has no compiled file`),
        `${archives.length} of ${workspaces.length} packages were packed`,
      ].join('; '),
    );
  }
  return { archives, removed };
}

/** A build does not remove what it no longer makes. */
function removeStale({ name, folder }: Workspace): string[] {
  const sources = new Set(globSync('src/**/*.ts', { cwd: folder }));
  const stale = staleFiles(globSync('dist/**/*.*', { cwd: folder }), sources);
  for (const file of stale) rmSync(join(folder, file));
  return stale.map((file) => `${name}/${file}`);
}

/** @throws SluiceError `pack.npm` with what npm said. */
export async function npm(
  args: readonly string[],
  cwd: string,
  timeoutMs?: number,
): Promise<string> {
  const { code, output } = await runCommand('npm', args, {
    cwd,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  });
  if (code === 0) return output;
  throw new SluiceError('pack.npm', `npm ${args.join(' ')} ended with ${code}:\n${output.trim()}`);
}
