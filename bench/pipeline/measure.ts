/** One case after another: the contenders take turns, each in a process of its own, with the same records. */
import { isDeepStrictEqual } from 'node:util';

import { SluiceError } from '@sluice/kernel';
import { repositoryRoot, spawnNode } from '@sluice/testkit';

import type { Limits, Sample } from '../window.ts';
import {
  type Answer,
  type Case,
  type Contender,
  type HotFunction,
  type Job,
  nameOf,
  pipelines,
} from './cases.ts';
import { runConnect } from './connect-runner.ts';

const endLimitMs = 120_000;

export interface Plan {
  readonly rounds: number;
  readonly batch: number;
  readonly limits: Limits;
  /** Sluice is the first of them. */
  readonly contenders: readonly Contender[];
  /** Of `before`. */
  readonly otherRoot: string | undefined;
  readonly isProfiled: boolean;
  readonly progress: (text: string) => void;
}

export interface Measured {
  readonly case: Case;
  /** In the order of the rounds. */
  readonly samples: ReadonlyMap<Contender, readonly Sample[]>;
  /** Of one more turn of Sluice. */
  readonly profile: readonly HotFunction[] | undefined;
}

export async function measureCase(plan: Plan, measured: Case): Promise<Measured> {
  const { contenders, progress } = plan;
  const samples = new Map<Contender, Sample[]>(contenders.map((each) => [each, []]));
  const results = new Map<Contender, Answer['results']>();
  for (let round = 0; round < plan.rounds; round += 1) {
    for (let turn = 0; turn < contenders.length; turn += 1) {
      // Another one begins in each round.
      const contender = contenders[(round + turn) % contenders.length];
      if (contender === undefined) continue;
      const answer = await run(jobOf(plan, measured, contender));
      results.set(contender, answer.results);
      samples.get(contender)?.push(answer.sample);
      const rate = (answer.sample.records / answer.sample.seconds).toFixed(0);
      progress(`${nameOf(measured)}, round ${round + 1}: ${contender} ${rate} records/s`);
    }
  }
  for (const [contender, own] of results) {
    assertSame(measured, contender, results.get('sluice') ?? [], own);
  }
  const profiled = plan.isProfiled
    ? await run({ ...jobOf(plan, measured, 'sluice'), isProfiled: true })
    : undefined;
  return { case: measured, samples, profile: profiled?.profile };
}

function jobOf(plan: Plan, measured: Case, contender: Contender): Job {
  return {
    ...measured,
    ...plan.limits,
    contender,
    root: contender === 'before' ? (plan.otherRoot ?? repositoryRoot) : repositoryRoot,
    batch: plan.batch,
    isProfiled: false,
  };
}

async function run(job: Job): Promise<Answer> {
  if (job.contender === 'connect') return await runConnect(job);
  await using child = spawnNode('bench/pipeline/runner-process.ts', {
    args: [JSON.stringify(job)],
    name: `${job.contender} (${nameOf(job)})`,
  });
  const limit = setTimeout(() => void child.kill('SIGKILL'), endLimitMs);
  const { code } = await child.exited;
  clearTimeout(limit);
  if (code !== 0) throw new SluiceError('bench.contender', child.describe());
  return JSON.parse(child.stdout) as Answer;
}

/** Byte for byte, but for what Java keeps in the order of its own maps, and what is written by hand. */
function assertSame(
  measured: Case,
  contender: Contender,
  ours: readonly string[],
  theirs: readonly string[],
): void {
  const { hasSchema, isText } = pipelines[measured.pipeline];
  const isExact = isText || contender === 'before' || (hasSchema && contender === 'connect');
  const read = (one: string): unknown =>
    isExact ? one : JSON.parse(Buffer.from(one, 'base64').toString());
  const payload = (one: string): unknown => {
    const json = read(one);
    return hasSchema && !isExact ? (json as { readonly payload: unknown }).payload : json;
  };
  for (const [index, one] of ours.entries()) {
    if (isDeepStrictEqual(payload(one), payload(theirs[index] ?? ''))) continue;
    throw new SluiceError(
      'bench.different',
      `${nameOf(measured)}: record ${index} is ${textOf(one)} by Sluice, and ${textOf(theirs[index])} by ${contender}`,
    );
  }
}

function textOf(base64: string | undefined): string {
  return Buffer.from(base64 ?? '', 'base64').toString();
}
