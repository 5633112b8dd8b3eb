/**
 * Runs many seeds, in several threads, and says what they showed together. A simulation is one thread's work:
 * seeds are independent, and what each shows does not depend on how many run beside it.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

import { missingCoverage } from './coverage-of-run.ts';
import type { ReplacedFiles } from './redis/script-book.ts';
import type { SeedFailure, SeedOptions, SeedRun } from './run-seed.ts';
import { Coverage } from './world/coverage.ts';

export interface RunOptions {
  /** The first seed; the others follow it. */
  readonly seed: number;
  readonly seeds: number;
  /** Of virtual time, for each. */
  readonly minutes: number;
  readonly jobs: number;
  /** Runs to make the first failing scenario shorter. */
  readonly shrinkRunsMax: number;
  /** Lua files with another text: a guard taken away, to see who notices. Then one violation is enough. */
  readonly scripts?: ReplacedFiles;
  readonly progress?: (done: number, failed: number) => void;
}

export interface RunReport {
  readonly seeds: number;
  readonly virtualMinutes: number;
  readonly steps: number;
  readonly effects: number;
  /** In the order of seeds; after some, no further seeds are begun. */
  readonly failures: readonly (SeedFailure & { readonly seed: number })[];
  /** How often each fault, and each reply of each script, occurred. */
  readonly coverage: ReadonlyMap<string, number>;
  readonly replies: ReadonlyMap<string, number>;
  /** What never occurred and has to. */
  readonly missing: readonly string[];
  /** Seed → hash of its trace. */
  readonly hashes: ReadonlyMap<number, string>;
  /** Of the seed, if there was only one. */
  readonly trace: readonly string[];
}

/** Enough to see whether they have something in common. */
const failuresMax = 5;

export async function runSeeds(options: RunOptions): Promise<RunReport> {
  const runs: SeedRun[] = [];
  const coverage = new Coverage();
  const replies = new Coverage();
  let next = options.seed;
  let failed = 0;
  const end = options.seed + options.seeds;
  const failuresAllowed = options.scripts ? 1 : failuresMax;

  const runThread = async (): Promise<void> => {
    const thread = new Worker(new URL('./seeds-thread.ts', import.meta.url), {
      execArgv: ['--conditions=@sluice/source'],
    });
    try {
      while (next < end && failed < failuresAllowed) {
        const run = await ask(thread, {
          seed: next++,
          minutes: options.minutes,
          shrinkRunsMax: options.shrinkRunsMax,
          keepsTrace: options.seeds === 1,
          ...(options.scripts ? { scripts: options.scripts } : {}),
        });
        runs.push(run);
        coverage.merge(run.result.coverage);
        replies.merge(run.result.replies);
        if (run.failure) failed++;
        options.progress?.(runs.length, failed);
      }
    } finally {
      await thread.terminate();
    }
  };
  await Promise.all(Array.from({ length: Math.min(options.jobs, options.seeds) }, runThread));

  runs.sort((a, b) => a.seed - b.seed);
  const sum = (of: (run: SeedRun) => number): number =>
    runs.reduce((total, run) => total + of(run), 0);
  return {
    seeds: runs.length,
    virtualMinutes: sum(({ result }) => result.virtualMs) / 60_000,
    steps: sum(({ result }) => result.steps),
    effects: sum(({ result }) => result.effects),
    failures: runs.flatMap(({ seed, failure }) => (failure ? [{ seed, ...failure }] : [])),
    coverage: coverage.counts,
    replies: replies.counts,
    missing: missingCoverage(coverage.counts, replies.counts),
    hashes: new Map(runs.map(({ seed, result }) => [seed, result.hash])),
    trace: options.seeds === 1 ? (runs[0]?.result.trace ?? []) : [],
  };
}

/** @throws whatever ended the thread. */
async function ask(thread: Worker, options: SeedOptions): Promise<SeedRun> {
  const ended = new AbortController();
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  thread.postMessage(options);
  try {
    const [answer] = await Promise.race([
      once(thread, 'message', { signal: ended.signal }),
      once(thread, 'exit', { signal: ended.signal }).then(([code]) => {
        throw new Error(`a thread ended with ${code}`);
      }),
    ]);
    return answer as SeedRun;
  } finally {
    ended.abort();
  }
}
