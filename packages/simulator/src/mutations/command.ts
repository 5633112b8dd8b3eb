/** `npm run sim -- --mutations`: breaks every guard of the product, and lists what noticed it. */
import { guardedFiles } from './all-guards.ts';
import { outdated } from './equivalent.ts';
import { hunt, type MutationResult } from './hunt.ts';
import { idOf, type Mutation, mutationsOf } from './mutation.ts';
import { plainResult, resultLine, summarize, summaryLines, verdictOf } from './mutation-report.ts';
import { mutationTable } from './mutation-table.ts';
import { appendResult, readResults } from './results-file.ts';

export interface HuntCommand {
  /** Only mutations whose id contains it, or one of several with commas between them. */
  readonly filter: string;
  readonly seed: number;
  readonly seeds: number;
  readonly minutes: number;
  readonly jobs: number;
  readonly json: boolean;
  /** Results are added to it; what it has is not tried again, but for what survived. */
  readonly out: string | undefined;
  /** Of real time; then no further mutation is begun. */
  readonly forMinutes: number | undefined;
  /** Tries nothing, and prints a table of what `out` has. */
  readonly markdown: boolean;
}

const toldEverySeeds = 20;

/** Resolves with the exit code: 1 if one survives that is not explained. */
export async function runHunt(command: HuntCommand): Promise<number> {
  const { filter, out, json } = command;
  const guards = guardedFiles().flatMap((file) => file.guards);
  const parts = filter.split(',');
  const mutations = guards
    .flatMap(mutationsOf)
    .filter((mutation) => parts.some((part) => idOf(mutation).includes(part)));
  if (mutations.length === 0) {
    process.stderr.write(`no mutation has "${filter}" in its id, as claim.lua:42:inverted has\n`);
    return 2;
  }
  const known = out === undefined ? [] : readResults(out, mutations);
  if (command.markdown) {
    process.stdout.write(`${mutationTable(mutations, known).join('\n')}\n`);
    return 0;
  }
  const survived = known.filter((result) => verdictOf(result) === 'survives');
  const settled = known.filter((result) => verdictOf(result) !== 'survives');
  const isKnown = new Set(known.map(({ mutation }) => idOf(mutation)));
  const untried = mutations.filter((mutation) => !isKnown.has(idOf(mutation)));
  const again = survived.map(({ mutation }) => mutation);
  const results = [...settled, ...(await tried(command, [...untried, ...again]))];
  const summary = summarize(results);
  if (json) process.stdout.write(`${JSON.stringify(results.map(plainResult), undefined, 2)}\n`);
  else process.stdout.write(`${summaryLines(summary).join('\n')}\n`);
  if (results.length < mutations.length) {
    process.stderr.write(`${mutations.length - results.length} are left to be tried\n`);
  }
  const gone = outdated(guards);
  for (const { file, guard } of gone) {
    process.stderr.write(
      `equivalent.ts names a guard that is not there any more: ${file}: ${guard}\n`,
    );
  }
  return summary.survivors.length + gone.length === 0 ? 0 : 1;
}

async function tried(
  { seed, seeds, minutes, jobs, json, out, forMinutes }: HuntCommand,
  mutations: readonly Mutation[],
): Promise<MutationResult[]> {
  if (mutations.length === 0) return [];
  // With `json`, stdout is for the result alone.
  const tell = (line: string): void => {
    (json ? process.stderr : process.stdout).write(`${line}\n`);
  };
  return await hunt({
    mutations,
    seeds: Array.from({ length: seeds }, (_, index) => seed + index),
    minutes,
    jobs,
    signal:
      forMinutes === undefined
        ? new AbortController().signal
        : AbortSignal.timeout(forMinutes * 60_000),
    onObserved: (done) => {
      if (done % toldEverySeeds === 0) tell(`${done} of ${seeds} seeds with every guard as it is`);
    },
    onResult: (result, done) => {
      if (out !== undefined) appendResult(out, result);
      tell(`${done}/${mutations.length} ${resultLine(result)}`);
    },
  });
}
