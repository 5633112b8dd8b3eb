/** `npm run sim -- --mutations`: breaks every guard of the product, and lists what noticed it. */
import { allMutations } from './all-mutations.ts';
import { outdated } from './equivalent.ts';
import { hunt } from './hunt.ts';
import { resultLine, summarize, summaryLines } from './mutation-report.ts';

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
const limitMs = 120_000;

/** Resolves with the exit code: 1 if one survives that is not explained. */
export async function runHunt(command: HuntCommand): Promise<number> {
  const { filter, seed, seeds, minutes, jobs, json } = command;
  const all = allMutations();
  const mutations = all.filter(({ id }) => id.includes(filter));
  let done = 0;
  const results = await hunt({
    mutations,
    seeds: Array.from({ length: seeds }, (_, index) => seed + index),
    minutes,
    catchesMax,
    jobs,
    limitMs,
    asksTests: true,
    onResult: (result) => {
      done += 1;
      // With `json`, stdout is for the result alone.
      const write = json ? process.stderr : process.stdout;
      write.write(`${done}/${mutations.length} ${resultLine(result)}\n`);
    },
  });
  const summary = summarize(results);
  const gone = outdated(all);
  if (json) {
    const plain = results.map(({ mutation, caughtBy, ...rest }) => ({
      ...mutation,
      text: undefined,
      ...rest,
      caughtBy: Object.fromEntries(caughtBy),
    }));
    process.stdout.write(`${JSON.stringify({ results: plain }, undefined, 2)}\n`);
  } else {
    process.stdout.write(`${summaryLines(summary).join('\n')}\n`);
  }
  for (const { file, guard } of gone) {
    process.stderr.write(
      `equivalent.ts names a guard that is not there any more: ${file}: ${guard}\n`,
    );
  }
  return summary.survivors.length + gone.length === 0 ? 0 : 1;
}
