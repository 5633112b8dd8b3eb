/** Our own client, as a task's loop uses it. */
import type { ProduceRecord } from '@sluice/record-log';
import { KafkaLog } from '@sluice/record-log-kafka';

import { type Sample, Window } from '../window.ts';
import { callsInFlight, type Job, makeValues } from './workload.ts';

export async function produce(job: Job): Promise<Sample> {
  const log = openLog(job);
  await log.start();
  const writer = await log.openWriter({ id: `bench-${job.topic}`, fence: 1 });
  const records = makeValues(job.batch, job.valueBytes).map(
    (value, index): ProduceRecord => ({ key: null, value, partition: index % job.partitions }),
  );
  const window = new Window(job);
  const call = async (): Promise<void> => {
    while (!window.isOver) {
      await writer.produce([{ topic: job.topic, records }]);
      window.count(records.length);
    }
  };
  await Promise.all(Array.from({ length: callsInFlight }, call));
  await log.stop();
  return window.sample();
}

/** Writes `job.records` in all, to be fetched. */
export async function fill(job: Job): Promise<void> {
  const log = openLog(job);
  await log.start();
  const writer = await log.openWriter({ id: `fill-${job.topic}`, fence: 1 });
  const records = makeValues(job.batch, job.valueBytes).map(
    (value, index): ProduceRecord => ({ key: null, value, partition: index % job.partitions }),
  );
  let left = job.records;
  const call = async (): Promise<void> => {
    while (left > 0) {
      left -= records.length;
      await writer.produce([{ topic: job.topic, records }]);
    }
  };
  await Promise.all(Array.from({ length: callsInFlight }, call));
  await log.stop();
}

export async function fetch(job: Job): Promise<Sample> {
  const log = openLog(job);
  await log.start();
  const reader = await log.openReader({
    identity: { id: `bench-${job.topic}`, fence: 1 },
    group: `sluice-${job.topic}`,
    pollRecordsMax: job.batch,
  });
  const window = new Window(job, job.records / 4);
  await reader.assign(
    Array.from({ length: job.partitions }, (_, partition) => ({ topic: job.topic, partition })),
  );
  let bytes = 0;
  while (!window.isOver) {
    for (const { records } of await reader.poll(1_000)) {
      for (const { value } of records) bytes += value?.length ?? 0;
      window.count(records.length);
    }
    if (window.total >= job.records) window.end();
  }
  if (bytes !== window.total * job.valueBytes) throw new Error(`${bytes} bytes are too few`);
  await reader.close();
  await log.stop();
  return window.sample();
}

function openLog({ bootstrap }: Job): KafkaLog {
  return new KafkaLog({ brokers: [bootstrap], cluster: 'bench', clientId: 'bench' });
}
