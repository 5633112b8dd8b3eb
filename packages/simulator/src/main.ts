/** `npm run sim -- [options]`: runs seeds of the simulator, and says what they showed. */
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';

import { toError } from '@sluice/kernel';

import { runHunt } from './mutations/command.ts';
import { reportText } from './report-text.ts';
import { type RunOptions, runSeeds } from './run-seeds.ts';
import { runScale } from './scale/command.ts';

const usage = `usage: npm run sim -- [--seeds N] [--seed S] [--minutes M] [--jobs J] [--json] [--mutations]
       npm run sim -- --scale [--workers N] [--tasks T] [--seed S] [--json]

  --seeds N     how many seeds (100)
  --seed S      the first of them (1); alone: only that one, with its whole trace
  --minutes M   virtual minutes for each (10)
  --jobs J      threads (as many as there are cores)
  --no-shrink   leave a failing scenario as it was generated
  --json        the result as JSON on stdout
  --mutations   break every guard of the scripts and of the state machines, one at a time, and list which
                invariant, else which test, notices it; each with seeds that reach it, of 100 of 3 minutes unless told otherwise
  --filter TEXT only mutations whose id contains it, or one of several: grant.lua,claim.lua:35
  --out FILE    add each result to FILE; mutations that it has are not tried again, but for those that survived
  --for M       begin no further mutation after M real minutes: with --out, the next run goes on from there
  --markdown    try nothing; print what the file of --out has, as a table
  --scale       one large cluster without faults, with the default timings: cold start, rest, a death, a join; how long
                each takes, how many scripts, how much memory. Takes minutes, and some gigabytes
  --workers N   of the large cluster (1000)
  --tasks T     of the large cluster (100000)

  npm run sim -- --seeds 2000                  what a release should have passed
  npm run sim -- --seed 4711                   the same again, to the letter, and what happened in it
  npm run sim -- --seeds 50 --minutes 60       fewer clusters, for longer
  npm run sim -- --mutations --filter claim    each guard of claim.lua broken: what notices it?
  npm run sim -- --mutations --out all.jsonl --for 60     all of them, an hour at a time

Each run says how often every fault and every reply of every script occurred. The exit code is 1 if an invariant was
violated, or, of 1000 or more seeds, if something never occurred.
`;

const shrinkRunsMax = 300;
/** Fewer seeds need not contain everything. */
const seedsForCoverage = 1_000;
const progressEveryMs = 5_000;

const options = {
  seeds: { type: 'string' },
  seed: { type: 'string' },
  minutes: { type: 'string' },
  jobs: { type: 'string', default: `${availableParallelism()}` },
  'no-shrink': { type: 'boolean', default: false },
  mutations: { type: 'boolean', default: false },
  filter: { type: 'string', default: '' },
  out: { type: 'string' },
  for: { type: 'string' },
  markdown: { type: 'boolean', default: false },
  scale: { type: 'boolean', default: false },
  workers: { type: 'string', default: '1000' },
  tasks: { type: 'string', default: '100000' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

async function main(): Promise<number> {
  const values = parsed();
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const { mutations } = values;
  if (values.scale) {
    const size = {
      seed: wholeNumber('--seed', values.seed ?? '1', 0),
      workers: wholeNumber('--workers', values.workers, 2),
      tasks: wholeNumber('--tasks', values.tasks, 1),
    };
    return await runScale({ ...size, json: values.json });
  }
  const seeds = values.seeds ?? (mutations || values.seed === undefined ? '100' : '1');
  const run = {
    seed: wholeNumber('--seed', values.seed ?? '1', 0),
    seeds: wholeNumber('--seeds', seeds, 1),
    minutes: wholeNumber('--minutes', values.minutes ?? (mutations ? '3' : '10'), 1),
    jobs: wholeNumber('--jobs', values.jobs, 1),
    shrinkRunsMax: values['no-shrink'] ? 0 : shrinkRunsMax,
  };
  if (mutations) {
    const { filter, json, out, markdown } = values;
    if (markdown && out === undefined) return wrongUsage('--markdown needs --out');
    const forMinutes = values.for === undefined ? undefined : wholeNumber('--for', values.for, 1);
    return await runHunt({ ...run, filter, json, out, markdown, forMinutes });
  }
  const startedAtMs = performance.now();
  const report = await runSeeds({ ...run, progress: teller(run) });
  const tookMs = performance.now() - startedAtMs;
  const isComplete = report.seeds < seedsForCoverage || report.missing.length === 0;
  if (values.json) {
    process.stdout.write(`${JSON.stringify({ ...report, tookMs }, mapsAsObjects, 2)}\n`);
  } else {
    process.stdout.write(reportText(report, { ...run, tookMs, seedsForCoverage }));
  }
  return report.failures.length === 0 && isComplete ? 0 : 1;
}

function parsed() {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    return wrongUsage(toError(error).message);
  }
}

/** Progress goes to stderr: stdout may be piped on. */
function teller({ seeds }: Pick<RunOptions, 'seeds'>): (done: number, failed: number) => void {
  let toldAtMs = performance.now();
  return (done, failed) => {
    if (performance.now() - toldAtMs < progressEveryMs) return;
    toldAtMs = performance.now();
    process.stderr.write(`${done} of ${seeds} seeds${failed > 0 ? `, ${failed} failed` : ''}\n`);
  };
}

function wholeNumber(name: string, text: string, min: number): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= min) return number;
  return wrongUsage(`${name} ${text}: a whole number of at least ${min} is needed`);
}

function wrongUsage(problem: string): never {
  process.stderr.write(`${problem}\n\n${usage}`);
  return process.exit(2);
}

function mapsAsObjects(_key: string, value: unknown): unknown {
  return value instanceof Map ? Object.fromEntries(value) : value;
}

process.exitCode = await main();
