/**
 * What an author of a connector gets from the packages as they are published: `sluice new connector` of an installed
 * command line, whose tests pass at once, in another folder than any of ours.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { SluiceError, systemClock } from '@sluice/kernel';
import { runCommand } from '../run-command.ts';
import type { Archive } from './archives.ts';

const installLimitMs = 10 * 60_000;

export interface AuthorOptions {
  /** Of all that the packages of an author need, the command line included. */
  readonly archives: readonly Archive[];
  /** Where the command line is installed. */
  readonly installation: string;
  /** To write in. */
  readonly folder: string;
}

/** @returns for each, how long it took from the scaffold to the end of its tests. */
export async function writeConnectors(
  options: AuthorOptions,
): Promise<{ says: string; figures: Record<string, number>; value: undefined }> {
  const kinds = [
    ['source', ['--source']],
    ['sink-js', ['--sink', '--js']],
  ] as const;
  const figures: Record<string, number> = {};
  const told: string[] = [];
  for (const [name, flags] of kinds) {
    const startedAtMs = systemClock.monotonicMs();
    const tests = await writeConnector(`acme-${name}`, flags, options);
    const tookMs = Math.round(systemClock.monotonicMs() - startedAtMs);
    figures[`${name}Ms`] = tookMs;
    told.push(`${name}: ${tests} tests passed after ${(tookMs / 1_000).toFixed(1)} s`);
  }
  return { says: `sluice new connector: ${told.join(', ')}`, figures, value: undefined };
}

async function writeConnector(
  name: string,
  flags: readonly string[],
  { archives, folder, installation }: AuthorOptions,
): Promise<number> {
  mkdirSync(folder, { recursive: true });
  const project = join(folder, name);
  const sluice = join(installation, 'node_modules/@sluice/cli/bin/sluice.js');
  await succeed(process.execPath, [sluice, 'new', 'connector', name, ...flags], folder);
  takeArchives(join(project, 'package.json'), archives);
  await succeed('npm', ['install', '--no-audit', '--no-fund'], project);
  const output = await succeed('npm', ['test'], project);
  const [, passed] = /Tests +(\d+) passed/.exec(stripVTControlCharacters(output)) ?? [];
  if (passed === undefined) throw failed(`npm test of ${name} does not say what passed`, output);
  return Number(passed);
}

/** No registry has our packages yet. */
function takeArchives(file: string, archives: readonly Archive[]): void {
  const manifest = JSON.parse(readFileSync(file, 'utf8')) as {
    dependencies: Record<string, string>;
    devDependencies: Record<string, string>;
  };
  for (const { name, path } of archives) {
    delete manifest.dependencies[name];
    manifest.devDependencies[name] = `file:${path}`;
  }
  const missing = Object.keys(manifest.dependencies).filter((name) => name.startsWith('@sluice/'));
  if (missing.length > 0) throw failed(`not packed: ${missing.join(', ')}`, '');
  writeFileSync(file, JSON.stringify(manifest, undefined, 2));
}

async function succeed(command: string, args: readonly string[], cwd: string): Promise<string> {
  const outer = Object.entries(process.env).filter(([name]) => !/^(VITEST|NODE_ENV)/.test(name));
  const path = `${dirname(process.execPath)}:${String(process.env['PATH'])}`;
  const { code, output } = await runCommand(command, args, {
    cwd,
    env: { ...Object.fromEntries(outer), NO_COLOR: '1', PATH: path },
    timeoutMs: installLimitMs,
  });
  if (code === 0) return output;
  throw failed(`${command} ${args.join(' ')} ended with ${String(code)}`, output);
}

function failed(what: string, output: string): SluiceError {
  return new SluiceError('pack.author', `${what}\n${output.trim()}`);
}
