/**
 *     queue orders ──BullmqSource──▶ topic orders ──BullmqSink──▶ queue orders-done ──▶ a plain BullMQ worker
 *
 * The queues have a Redis of their own. A worker of Sluice is killed while half of the jobs are still to come.
 */
import { type RedisHandle, startRedis, waitFor } from '@sluice/testkit';
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { note, step } from '../scripts/progress.ts';
import { ExampleCluster, type ExampleOptions, untilQuiet } from './support/example.ts';
import type { Outcome } from './support/outcome.ts';

const json = {
  'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
  'value.converter.schemas.enable': 'false',
  'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
};
/** Jobs that are added at a time. */
const chunk = 50;
const arrivalMs = 120_000;

export async function main(options: ExampleOptions): Promise<Outcome> {
  await using example = await ExampleCluster.start(options, { isDurable: true });
  await using redis = await startRedis({ appendOnly: true });
  await using queues = new Queues(redis);
  await using topic = await example.watch('orders');
  const { cluster } = example;

  await step('apply the connectors', async () => {
    await cluster.apply('orders-in', {
      'connector.class': 'BullmqSource',
      'redis.url': redis.url,
      queues: 'orders',
      topic: 'orders',
      // So many may come twice when a worker is killed.
      'jobs.in.flight.max': '100',
      // Short, so that the jobs of the worker that is killed are soon back.
      'lock.duration.ms': '2000',
      'stalled.interval.ms': '500',
      ...json,
    });
    await cluster.apply('orders-out', {
      'connector.class': 'BullmqSink',
      'redis.url': redis.url,
      topics: 'orders',
      'tasks.max': '2',
      queue: 'orders-done',
      'job.name.header': 'bullmq.name',
      ...json,
    });
    await cluster.waitForRunning('orders-in');
    await cluster.waitForRunning('orders-out', 2);
  });

  const half = Math.floor(options.count / 2);
  await queues.add(1, half);
  await waitFor(() => queues.processed.size > 0, {
    what: 'the first job to come back',
    timeoutMs: arrivalMs,
  });
  // In the middle of it, whatever the machine is: the other half is added meanwhile.
  const [killed] = await Promise.all([
    example.killWorkerOf('orders-in'),
    queues.add(half + 1, options.count),
  ]);
  note(`killed ${killed}`);
  await step(`wait for ${String(options.count)} jobs`, async () => {
    await waitFor(() => queues.processed.size, {
      what: 'every job to come back',
      until: (size) => size >= options.count,
      timeoutMs: arrivalMs,
    });
    await waitFor(async () => await queues.counts('orders'), {
      what: 'every job to be completed',
      until: ({ completed, others }) => completed >= options.count && others === 0,
      timeoutMs: arrivalMs,
    });
    await untilQuiet('the last of them', () => topic.records + queues.runs);
    await waitFor(() => queues.runs >= topic.records, {
      what: 'every record to come back as a job',
      timeoutMs: arrivalMs,
    });
  });

  note(`\na record: ${[...topic.values.keys()][0] ?? ''}\n`);
  const before = await queues.counts('orders');
  const after = await queues.counts('orders-done');
  const { records } = topic;
  return {
    counts: [
      { what: 'jobs added to orders', count: options.count },
      { what: 'completed there', count: before.completed, expected: options.count },
      { what: 'waiting, active or failed there', count: before.others, expected: 0 },
      { what: 'different jobs in the topic', count: topic.values.size, expected: options.count },
      { what: 'records in the topic', count: records },
      {
        what: 'jobs added to orders-done',
        count: after.completed + after.others,
        expected: records,
      },
      {
        what: 'different jobs processed from it',
        count: queues.processed.size,
        expected: options.count,
      },
      { what: 'jobs processed from it', count: queues.runs, expected: records },
      { what: 'came twice', count: records - options.count },
    ],
  };
}

/** Who adds jobs, and who processes what comes back: both know nothing of Sluice. */
class Queues implements AsyncDisposable {
  /** Numbers of the jobs that came back. */
  readonly processed = new Set<number>();
  runs = 0;
  readonly #connection: Redis;
  readonly #orders: Queue<{ n: number }>;
  readonly #done: Queue;
  readonly #worker: Worker<{ n: number }>;

  constructor({ url }: RedisHandle) {
    const connection = new Redis(url, { maxRetriesPerRequest: null });
    this.#connection = connection;
    this.#orders = new Queue('orders', { connection });
    this.#done = new Queue('orders-done', { connection });
    this.#worker = new Worker(
      'orders-done',
      async ({ data, name }) => {
        if (name !== 'charge') throw new Error(`the name ${name} is not that of the job`);
        this.processed.add(data.n);
        this.runs += 1;
      },
      { connection, concurrency: 50 },
    );
  }

  /** Little by little, from one number to the other. */
  async add(first: number, last: number): Promise<void> {
    for (let from = first; from <= last; from += chunk) {
      const jobs = Array.from({ length: Math.min(chunk, last - from + 1) }, (_, at) => ({
        name: 'charge',
        data: { n: from + at, customer: `c-${String((from + at) % 100)}`, cents: (from + at) * 7 },
      }));
      await this.#orders.addBulk(jobs);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async counts(name: 'orders' | 'orders-done'): Promise<{ completed: number; others: number }> {
    const queue = name === 'orders' ? this.#orders : this.#done;
    const { completed = 0, ...others } = await queue.getJobCounts();
    return { completed, others: Object.values(others).reduce((sum, each) => sum + each, 0) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.close();
    await Promise.all([this.#orders.close(), this.#done.close()]);
    this.#connection.disconnect();
  }
}
