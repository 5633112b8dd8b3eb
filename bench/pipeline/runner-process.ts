/** One contender at one case, in a process of its own: takes a job as JSON, prints its answer as JSON. */
import { Window } from '../window.ts';
import { type Answer, comparedRecords, type Job } from './cases.ts';
import { plainRunner } from './plain-runner.ts';
import { startProfile } from './profile.ts';
import type { Runner } from './runner.ts';
import { sluiceRunner } from './sluice-runner.ts';

console.log(JSON.stringify(await answer(JSON.parse(process.argv[2] ?? '') as Job)));

async function answer(job: Job): Promise<Answer> {
  const runner = await (job.contender === 'plain' ? plainRunner(job) : sluiceRunner(job));
  const results = (await runner.results()).slice(0, comparedRecords);
  const { profile, sample } = await measure(runner, job);
  return {
    sample,
    results: results.map((bytes) => Buffer.from(bytes).toString('base64')),
    ...(profile ? { profile } : {}),
  };
}

async function measure(runner: Runner, job: Job): Promise<Omit<Answer, 'results'>> {
  const window = new Window(job);
  await runUntil(runner, window, () => window.hasBegun);
  const profiling = job.isProfiled ? await startProfile(job.root) : undefined;
  await runUntil(runner, window, () => window.isOver);
  const profile = await profiling?.end();
  return { sample: window.sample(), ...(profile ? { profile } : {}) };
}

async function runUntil(runner: Runner, window: Window, isReached: () => boolean): Promise<void> {
  for (let batch = 0; !isReached(); batch = (batch + 1) % runner.batches) {
    const ran = runner.run(batch);
    window.count(typeof ran === 'number' ? ran : await ran);
  }
}
