/**
 * Records a second through the Redis log, one process and one client, against a server of its own:
 *
 *     node --conditions=@sluice/source packages/record-log-redis/bench/produce-consume.ts [--json]
 *
 * `produce` has up to 4 calls of 500 records in flight; `consume` polls what was produced into one reader
 * and looks at every record. `latency` is from the call that produces one record to the poll of a waiting
 * reader that gives it. Nothing is converted: it is the cost of the log alone.
 */
import { parseArgs } from 'node:util';
import { startRedis } from '@sluice/testkit';

import { RedisLog } from '../src/index.ts';

const batchRecords = 500;
const callsInFlight = 4;
const produceMs = 900;
const logBytesMax = 512 * 1024 * 1024;
const latencyRounds = 1_000;

interface Latency {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

interface Row {
  readonly bytes: number;
  readonly partitions: number;
  readonly produced: number;
  readonly producePerSecond: number;
  readonly produceCpuMicros: number;
  readonly consumePerSecond: number;
  readonly consumeCpuMicros: number;
}

async function measure(url: string, bytes: number, partitions: number): Promise<Row> {
  const log = new RedisLog({
    url,
    cluster: `bench-${bytes}-${partitions}`,
    clientId: 'bench',
    defaultPartitions: partitions,
    partitionBytesMax: logBytesMax,
  });
  await log.start();
  const topic = 'bench';
  const writer = await log.openWriter({ id: 'writer', fence: 1 });
  const value = Buffer.alloc(bytes, 'v');
  const batch = Array.from({ length: batchRecords }, (_, index) => ({
    key: Buffer.from(`key-${index}`.padEnd(12)),
    value,
    ...(partitions === 1 ? {} : { partition: index % partitions }),
  }));

  const recordsMax = Math.floor(logBytesMax / 2 / (bytes + 50));
  let produced = 0;
  const until = performance.now() + produceMs;
  const produce = async (): Promise<void> => {
    while (performance.now() < until && produced < recordsMax) {
      await writer.produce([{ topic, records: batch }]);
      produced += batchRecords;
    }
  };
  const producing = await timed(() => Promise.all(Array.from({ length: callsInFlight }, produce)));

  const reader = await log.openReader({ identity: { id: 'reader', fence: 1 }, group: 'bench' });
  const assignment = Array.from({ length: partitions }, (_, partition) => ({ topic, partition }));
  let consumed = 0;
  let consumedBytes = 0;
  const consuming = await timed(async () => {
    await reader.assign(assignment);
    while (consumed < produced) {
      for (const { records } of await reader.poll(5_000)) {
        consumed += records.length;
        for (const record of records) consumedBytes += record.value?.length ?? 0;
      }
    }
  });
  if (consumedBytes !== produced * bytes) throw new Error('not everything came back');
  for (const each of await log.topics.list()) await log.topics.delete(each);
  await log.stop();
  return {
    bytes,
    partitions,
    produced,
    producePerSecond: Math.round(produced / producing.seconds),
    produceCpuMicros: round(producing.cpuMicros / produced),
    consumePerSecond: Math.round(consumed / consuming.seconds),
    consumeCpuMicros: round(consuming.cpuMicros / consumed),
  };
}

async function measureLatency(url: string): Promise<Latency> {
  const log = new RedisLog({ url, cluster: 'bench-latency', clientId: 'bench' });
  await log.start();
  const topic = 'bench';
  const writer = await log.openWriter({ id: 'writer', fence: 1 });
  const reader = await log.openReader({ identity: { id: 'reader', fence: 1 }, group: 'bench' });
  await reader.assign([{ topic, partition: 0 }]);
  const records = [{ key: null, value: Buffer.alloc(100) }];
  const delaysMs: number[] = [];
  for (let sample = 0; sample < latencyRounds; sample += 1) {
    const polled = reader.poll(5_000);
    await new Promise(setImmediate);
    const start = performance.now();
    await Promise.all([writer.produce([{ topic, records }]), polled]);
    delaysMs.push(performance.now() - start);
  }
  await log.stop();
  delaysMs.sort((a, b) => a - b);
  const at = (part: number): number => round(delaysMs[Math.floor(part * latencyRounds)] ?? 0);
  return { p50Ms: at(0.5), p99Ms: at(0.99) };
}

async function timed(run: () => Promise<unknown>): Promise<{ seconds: number; cpuMicros: number }> {
  const start = performance.now();
  const cpu = process.cpuUsage();
  await run();
  const { user, system } = process.cpuUsage(cpu);
  return { seconds: (performance.now() - start) / 1_000, cpuMicros: user + system };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

const { values: flags } = parseArgs({ options: { json: { type: 'boolean', default: false } } });
await using redis = await startRedis();
await measure(redis.url, 100, 1); // Warms up.
const rows: Row[] = [];
for (const bytes of [100, 1_000]) {
  for (const partitions of [1, 4]) rows.push(await measure(redis.url, bytes, partitions));
}
const latency = await measureLatency(redis.url);
if (flags.json) {
  console.log(
    JSON.stringify({ batchRecords, callsInFlight, node: process.version, rows, latency }),
  );
} else {
  console.table(
    rows.map((row) => ({
      'value bytes': row.bytes,
      partitions: row.partitions,
      'produce/s': row.producePerSecond,
      'µs CPU each': row.produceCpuMicros,
      'consume/s': row.consumePerSecond,
      'µs CPU each ': row.consumeCpuMicros,
    })),
  );
  console.log(`latency of one record: p50 ${latency.p50Ms} ms, p99 ${latency.p99Ms} ms`);
}
