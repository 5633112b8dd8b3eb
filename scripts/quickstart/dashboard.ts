/**
 * Builds the dashboard if that has not been done since its sources changed: the coordinator serves what is built. A build
 * that fails costs the page and nothing else, so it is told and passed over.
 */
import { globSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '@sluice/testkit';

import type { Note } from '../progress.ts';
import { runCommand } from '../run-command.ts';

const folder = join(repositoryRoot, 'apps', 'dashboard');
const sources = ['src/**/*', 'public/**/*', 'index.html', 'vite.config.ts', 'package.json'];
const buildMsMax = 120_000;
const shownCharacters = 2_000;

export async function buildDashboard(tell: Note): Promise<void> {
  const builtMs = changedMs(join(folder, 'dist', 'index.html'));
  const newestMs = Math.max(
    ...sources.flatMap((pattern) =>
      globSync(pattern, { cwd: folder }).map((file) => changedMs(join(folder, file))),
    ),
  );
  if (builtMs > newestMs) return;
  const vite = join(repositoryRoot, 'node_modules', 'vite', 'bin', 'vite.js');
  const { code, output } = await runCommand(process.execPath, [vite, 'build'], {
    cwd: folder,
    timeoutMs: buildMsMax,
  });
  if (code === 0) return tell('dashboard: built');
  tell(
    `dashboard: not built, all else runs without it. vite build said:\n${output.slice(-shownCharacters)}`,
  );
}

/** 0: there is no such file. */
function changedMs(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
