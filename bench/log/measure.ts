/** One case after another: the clients take turns, each in a process of its own, with a topic of its own. */
import { newShortId, SluiceError } from '@sluice/kernel';
import type { KafkaLog } from '@sluice/record-log-kafka';
import { type KafkaHandle, spawnNode } from '@sluice/testkit';

import type { Limits, Sample } from '../window.ts';
import { runJava } from './java-client.ts';
import { fill } from './sluice-client.ts';
import {
  batchBytesMax,
  type Case,
  type Client,
  clients,
  type IdleCost,
  type IdleJob,
  type Job,
  nameOf,
} from './workload.ts';

const endLimitMs = 120_000;
/** Enough for what the fastest client fetches in some seconds. */
const fetchBytes = { small: 300_000_000, large: 600_000_000 };

export interface Measured {
  readonly case: Case;
  /** In the order of the rounds. */
  readonly samples: ReadonlyMap<Client, readonly Sample[]>;
}

export interface Bench {
  readonly kafka: KafkaHandle;
  readonly log: KafkaLog;
  readonly rounds: number;
  readonly limits: Limits;
  readonly chosen: readonly Client[];
  readonly progress: (text: string) => void;
}

export async function measureCase(bench: Bench, measured: Case): Promise<Measured> {
  const order = clients[measured.direction].filter((each) => bench.chosen.includes(each));
  const samples = new Map<Client, Sample[]>(order.map((client) => [client, []]));
  const filled = measured.direction === 'fetch' ? await makeTopic(bench, measured) : undefined;
  for (let round = 0; round < bench.rounds; round += 1) {
    for (let turn = 0; turn < order.length; turn += 1) {
      // Another one begins in each round.
      const client = order[(round + turn) % order.length];
      if (client === undefined) continue;
      const job = filled ?? (await makeTopic(bench, measured));
      const sample = await runClient({ ...job, client });
      if (filled === undefined) {
        await assertAllThere(bench, job, sample);
        await bench.log.topics.delete(job.topic);
      }
      samples.get(client)?.push(sample);
      const rate = (sample.records / sample.seconds).toFixed(0);
      bench.progress(`${nameOf(measured)}, round ${round + 1}: ${client} ${rate} records/s`);
    }
  }
  if (filled !== undefined) await bench.log.topics.delete(filled.topic);
  return { case: measured, samples };
}

/** With records in it, if it is there to be fetched from. */
async function makeTopic({ kafka, log, limits }: Bench, measured: Case): Promise<Job> {
  const topic = `bench-${newShortId()}`;
  const { direction, partitions, valueBytes } = measured;
  const config = { 'max.message.bytes': String(batchBytesMax) };
  await log.topics.create(topic, { partitions, config });
  const bytes = valueBytes < 500 ? fetchBytes.small : fetchBytes.large;
  const records = direction === 'fetch' ? bytes / valueBytes : 0;
  const job: Job = {
    ...measured,
    ...limits,
    client: 'sluice',
    bootstrap: kafka.bootstrap,
    topic,
    records,
  };
  if (records > 0) await fill(job);
  return job;
}

async function runClient(job: Job): Promise<Sample> {
  if (job.client === 'java') return await runJava(job);
  const answer = await askProcess(`${job.client} (${nameOf(job)})`, [JSON.stringify(job)]);
  return answer as Sample;
}

/** Resolves with what was compared, or rejects with the first difference. */
export async function checkInProcess(bootstrap: string): Promise<string> {
  return String(await askProcess('correctness', ['correctness', bootstrap]));
}

/** Of a process with 20 writers and 20 readers open, and no records. */
export async function measureIdle({ kafka, log, progress }: Bench): Promise<IdleCost> {
  const job: IdleJob = {
    bootstrap: kafka.bootstrap,
    topic: `idle-${newShortId()}`,
    partitions: 4,
    pairs: 20,
    measureMs: 30_000,
  };
  progress(`${job.pairs} writers and as many readers that have nothing to do …`);
  await log.topics.create(job.topic, { partitions: job.partitions });
  const cost = await askProcess('idle', [JSON.stringify(job)], 'bench/log/idle-process.ts');
  await log.topics.delete(job.topic);
  return cost as IdleCost;
}

async function askProcess(
  name: string,
  args: readonly string[],
  entry = 'bench/log/client-process.ts',
): Promise<unknown> {
  await using child = spawnNode(entry, { args, name });
  const limit = setTimeout(() => void child.kill('SIGKILL'), endLimitMs);
  const { code } = await child.exited;
  clearTimeout(limit);
  if (code !== 0) throw new SluiceError('bench.client', child.describe());
  return JSON.parse(child.stdout);
}

/** What was acknowledged is in the topic, once. */
async function assertAllThere({ log }: Bench, job: Job, { total }: Sample): Promise<void> {
  if (total === undefined) return;
  const marks = await log.topics.watermarks(
    Array.from({ length: job.partitions }, (_, partition) => ({ topic: job.topic, partition })),
  );
  const there = marks.reduce((sum, { low, high }) => sum + high - low, 0);
  if (there !== total) {
    throw new SluiceError(
      'bench.lost',
      `${nameOf(job)}: ${total} records were acknowledged, ${there} are in the topic`,
    );
  }
}
