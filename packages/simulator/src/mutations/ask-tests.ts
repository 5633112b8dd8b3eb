/** Whether the product's own tests notice a mutation that the simulator does not. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Mutation } from './mutation.ts';

interface JsonReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly message?: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

const config = fileURLToPath(
  new URL('../../test/mutations/mutant.vitest.config.ts', import.meta.url),
);
const root = fileURLToPath(new URL('../../../../', import.meta.url));

/** The title of the first test that fails, `hangs`, or undefined if all pass. */
export async function failingTest(
  mutation: Mutation,
  limitMs: number,
): Promise<string | undefined> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-mutation-'));
  try {
    writeFileSync(join(folder, 'mutation.json'), JSON.stringify(mutation));
    if (await hangs(folder, limitMs)) return 'hangs';
    return failureIn(JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8')) as JsonReport);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function hangs(folder: string, limitMs: number): Promise<boolean> {
  const args = [join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--config', config];
  const env = { ...process.env, SLUICE_MUTATION: folder };
  const options = { env, timeout: limitMs, killSignal: 'SIGKILL', maxBuffer: 1 << 26 } as const;
  return new Promise((resolve) => {
    execFile(process.execPath, args, options, (error) => resolve(error?.killed === true));
  });
}

/** A file that does not load fails too. */
function failureIn({ testResults }: JsonReport): string | undefined {
  for (const { assertionResults } of testResults) {
    const failed = assertionResults.find(({ status }) => status === 'failed');
    if (failed) return failed.fullName;
  }
  return testResults.find(({ message }) => message !== undefined && message !== '')?.message;
}
