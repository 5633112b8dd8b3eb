/**
 * Sources that write exactly once, through Kafka: workers are killed in the middle of transactions, one after the other and
 * all of them, and a consumer that reads what is committed finds each record once.
 */
import { systemClock } from '@sluice/kernel';
import { KafkaLog } from '@sluice/record-log-kafka';
import {
  type Cluster,
  type KafkaHandle,
  limitMs,
  startCluster,
  startKafka,
  waitFor,
} from '@sluice/testkit';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { clusterState, showLogsOnFailure, workers } from './support/cluster-facts.ts';

/** More of them: KILL_ROUNDS=12 npm run test:long -- tests/exactly-once */
const rounds = Number(process.env.KILL_ROUNDS ?? 2);
const topic = 'once';
const tasksMax = 3;
const numbered = {
  'connector.class': 'VerifiableSource',
  'tasks.max': String(tasksMax),
  topic,
  throughput: '400',
  'exactly.once.support': 'required',
  'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
  'value.converter.schemas.enable': 'false',
};
let kafka: KafkaHandle;
let cluster: Cluster;
let log: KafkaLog;

beforeAll(async () => {
  kafka = await startKafka();
  cluster = await startCluster({
    workers: 2,
    env: {
      KAFKA_BROKERS: kafka.bootstrap,
      SLUICE_EXACTLY_ONCE_SOURCE_SUPPORT: 'enabled',
      SLUICE_EXECUTORS: '2',
    },
  });
  log = new KafkaLog({ brokers: kafka.brokers, cluster: cluster.name, clientId: 'observer' });
  await log.start();
}, 300_000);
afterAll(async () => {
  await log?.stop();
  await cluster?.stop();
  await kafka?.stop();
});

beforeEach(() => showLogsOnFailure(cluster));

/** The numbers of each task, in the order in which a consumer sees them that reads what is committed. */
class Observer {
  readonly seen = new Map<number, number[]>();
  #reader: Awaited<ReturnType<KafkaLog['openReader']>> | undefined;

  get total(): number {
    return [...this.seen.values()].reduce((sum, { length }) => sum + length, 0);
  }

  async read(): Promise<number> {
    const reader = (this.#reader ??= await log.openReader({
      identity: { id: `${cluster.name}.observer`, fence: 1 },
      group: `observer-${cluster.name}`,
      isolation: 'read_committed',
    }));
    const known = (await log.topics.describe([topic])).get(topic);
    await reader.assign(
      Array.from({ length: known?.partitions ?? 0 }, (_, partition) => ({ topic, partition })),
    );
    for (const { records } of await reader.poll(200)) {
      for (const { value } of records) {
        const { task, seqno } = JSON.parse(Buffer.from(value ?? []).toString()) as Numbered;
        const numbers = this.seen.get(task) ?? [];
        this.seen.set(task, numbers);
        numbers.push(seqno);
      }
    }
    return this.total;
  }

  async untilMore(records: number): Promise<void> {
    const wanted = this.total + records;
    await waitFor(async () => await this.read(), {
      what: `${records} records more`,
      until: (total) => total >= wanted,
      progress: (total) => total,
      explain: () => clusterState(cluster),
      timeoutMs: 60_000,
    });
  }
}

interface Numbered {
  readonly task: number;
  readonly seqno: number;
}

test('a definition may require it, if its connector says that it can', async () => {
  const config = { 'connector.class': 'MockSource', 'exactly.once.support': 'required' };
  const refused = await cluster.api.post('/connectors', { name: 'mock', config });
  expect(refused.status).toBe(400);
  expect(JSON.stringify(refused.body)).toContain(
    'does not implement the API required for preflight validation of exactly-once source support',
  );
  const bounded = { ...numbered, 'transaction.boundary': 'connector' };
  const other = await cluster.api.post('/connectors', { name: 'bounded', config: bounded });
  expect(other.status).toBe(400);
  expect(JSON.stringify(other.body)).toContain(
    'does not support connector-defined transaction boundaries',
  );
});

test(
  `each record is there once after ${rounds} rounds of kill -9, a change of tasks.max and a stop`,
  async () => {
    const observer = new Observer();
    await cluster.apply('numbers', numbered);
    await cluster.waitForRunning('numbers', tasksMax);
    for (let round = 0; round < rounds; round += 1) {
      await observer.untilMore(300);
      // Anywhere within a transaction.
      await systemClock.sleep((round * 37) % 200);
      const alive = cluster.workers.filter((member) => !member.process.hasExited);
      const killed = round % 2 === 1 ? alive : alive.slice(0, 1);
      await Promise.all(killed.map((member) => member.process.kill('SIGKILL')));
      await Promise.all(killed.map(() => cluster.addWorker()));
    }
    await observer.untilMore(300);
    await cluster.apply('numbers', { ...numbered, 'tasks.max': '1' });
    await cluster.waitForRunning('numbers', 1);
    await cluster.apply('numbers', { ...numbered, 'tasks.max': '4' });
    await cluster.waitForRunning('numbers', 4);
    await observer.untilMore(300);
    await cluster.api.put('/connectors/numbers/stop');
    // Its status shows no tasks any more; who still holds one may commit another transaction.
    await waitFor(async () => await workers(cluster), {
      what: 'all tasks to have stopped',
      until: (all) => all.every(({ tasks }) => tasks.length === 0),
      timeoutMs: limitMs(30_000),
    });
    const offsets = await log.listSourceOffsets('numbers');
    const last = new Map(
      offsets.map(({ partition, offset }) => [Number(partition['id']), Number(offset?.['seqno'])]),
    );
    const wanted = [...last.values()].reduce((sum, seqno) => sum + seqno + 1, 0);
    await waitFor(async () => await observer.read(), {
      what: `all ${wanted} records`,
      until: (total) => total >= wanted,
      progress: (total) => total,
      timeoutMs: 60_000,
    });
    for (const [task, numbers] of observer.seen)
      expect(numbers, `records of task ${task}`).toEqual(numbers.map((_, index) => index));
    expect(new Map([...observer.seen].map(([task, { length }]) => [task, length - 1]))).toEqual(
      last,
    );
    expect(observer.seen.size).toBe(4);
    process.stdout.write(`exactly once: ${rounds} rounds of kills, ${observer.total} records\n`);
  },
  60_000 + rounds * 30_000,
);
