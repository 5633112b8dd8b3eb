/** The real Kafka Connect at a case: its converters and transforms in a JVM of their own. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { makeOwnedFolder, repositoryRoot, runJavaSource } from '@sluice/testkit';

import { type Answer, comparedRecords, configOf, type Job, timestampMs, topic } from './cases.ts';
import { writtenValues } from './sluice-runner.ts';

const program = join(repositoryRoot, 'scripts/kafka-connect-oracle/PipelineBench.java');
/** Times as long as the others warm up: until the JVM has compiled what it runs all the time. */
const warmUpTimes = 3;

export async function runConnect(job: Job): Promise<Answer> {
  const folder = makeOwnedFolder('pipeline');
  try {
    const file = join(folder, 'values');
    // None of them has a line break in it.
    const lines = (await writtenValues(job)).flatMap((bytes) => [bytes, newline]);
    writeFileSync(file, Buffer.concat(lines));
    const { direction, batch, measureMs } = job;
    const stdout = await runJavaSource({
      file: program,
      tuning: 'server',
      stdin: JSON.stringify({
        direction,
        batch,
        measureMs,
        warmUpMs: warmUpTimes * job.warmUpMs,
        file,
        topic,
        timestampMs,
        compared: comparedRecords,
        config: configOf(job),
      }),
    });
    return JSON.parse(stdout) as Answer;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const newline = Buffer.from('\n');
