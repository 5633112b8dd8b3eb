/** `npm run sim -- --mutations`: breaks every guard of the product, and lists what noticed it. */
import { guardedFiles } from './all-guards.ts';
import { outdated } from './equivalent.ts';
import { hunt } from './hunt.ts';
import { idOf, type Mutation, mutationsOf } from './mutation.ts';
import { plainResult, resultLine, summarize, summaryLines } from './mutation-report.ts';

export interface HuntCommand {
  /** Only mutations whose id contains it. */
  readonly filter: string;
  readonly seed: number;
  readonly seeds: number;
  readonly minutes: number;
  readonly jobs: number;
  readonly json: boolean;
}

/** Seeds that notice before the next mutation is tried. */
const catchesMax = 3;
const triesMax = 20;
const seedLimitMs = 60_000;
const toldEverySeeds = 20;

/** Resolves with the exit code: 1 if one survives that is not explained. */
export async function runHunt(command: HuntCommand): Promise<number> {
  const { filter, seed, seeds, minutes, jobs, json } = command;
  // With `json`, stdout is for the result alone.
  const tell = (line: string): void => {
    (json ? process.stderr : process.stdout).write(`${line}\n`);
  };
  const guards = guardedFiles().flatMap((file) => file.guards);
  const includes = (mutation: Mutation): boolean => idOf(mutation).includes(filter);
  if (!guards.flatMap(mutationsOf).some(includes)) {
    process.stderr.write(`no mutation has "${filter}" in its id, as claim.lua:42:inverted has\n`);
    return 2;
  }
  const results = await hunt({
    includes,
    seeds: Array.from({ length: seeds }, (_, index) => seed + index),
    minutes,
    triesMax,
    catchesMax,
    jobs,
    seedLimitMs,
    onObserved: (done) => {
      if (done % toldEverySeeds === 0) tell(`${done} of ${seeds} seeds with every guard as it is`);
    },
    onResult: (result, done, of) => tell(`${done}/${of} ${resultLine(result)}`),
  });
  const summary = summarize(results);
  if (json) process.stdout.write(`${JSON.stringify(results.map(plainResult), undefined, 2)}\n`);
  else process.stdout.write(`${summaryLines(summary).join('\n')}\n`);
  const gone = outdated(guards);
  for (const { file, guard } of gone) {
    process.stderr.write(
      `equivalent.ts names a guard that is not there any more: ${file}: ${guard}\n`,
    );
  }
  return summary.survivors.length + gone.length === 0 ? 0 : 1;
}
