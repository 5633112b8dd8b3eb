/** A quickstart from the outside, in a folder of the test's own. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive, type NodeProcess, spawnNode, waitFor } from '@sluice/testkit';
import { afterEach, beforeEach, onTestFailed } from 'vitest';

const upTimeoutMs = 60_000;

/** Of the test that runs. */
export const ownFolder = { path: '' };

/** Each test of the file has a folder, which goes with it. */
export function useFolder(): void {
  beforeEach(() => {
    ownFolder.path = mkdtempSync(join(tmpdir(), 'sluice-quickstart-'));
  });
  afterEach(() => {
    rmSync(ownFolder.path, { recursive: true, force: true });
  });
}

export function quickstart(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): NodeProcess {
  const child = spawnNode('scripts/quickstart.ts', {
    args,
    env: {
      REDIS_URL: undefined,
      KAFKA_BROKERS: undefined,
      SLUICE_STATE_FOLDER: ownFolder.path,
      ...env,
    },
  });
  onTestFailed(() => console.log(child.describe()));
  return child;
}

export async function waitUntilUp(child: NodeProcess): Promise<void> {
  await child.waitForLine(/Ctrl-C stops everything/, { timeoutMs: upTimeoutMs });
}

export function childPids(): number[] {
  const text = readFileSync(join(ownFolder.path, 'quickstart', 'running.json'), 'utf8');
  return (JSON.parse(text) as { children: number[] }).children;
}

export async function waitUntilGone(pids: readonly number[]): Promise<void> {
  await waitFor(() => pids.filter(isAlive), {
    what: 'all processes of the quickstart to be gone',
    until: (left) => left.length === 0,
  });
}

/** What the quickstart's sink has written. */
export function outputText(): string {
  return readFileSync(join(ownFolder.path, 'quickstart', 'output.txt'), 'utf8');
}
