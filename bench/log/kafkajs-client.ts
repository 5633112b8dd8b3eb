/** kafkajs as it comes, used as its documentation says. */
import { Kafka, logLevel, Partitioners } from 'kafkajs';

import { type Sample, Window } from '../window.ts';
import { callsInFlight, type Job, makeValues } from './workload.ts';

export async function produce(job: Job): Promise<Sample> {
  const producer = client(job).producer({
    idempotent: job.client === 'kafkajs',
    allowAutoTopicCreation: false,
    createPartitioner: Partitioners.DefaultPartitioner,
  });
  await producer.connect();
  const messages = makeValues(job.batch, job.valueBytes).map((value, index) => ({
    value,
    partition: index % job.partitions,
  }));
  const window = new Window(job);
  const call = async (): Promise<void> => {
    while (!window.isOver) {
      await producer.send({ topic: job.topic, acks: -1, messages });
      window.count(messages.length);
    }
  };
  await Promise.all(Array.from({ length: callsInFlight }, call));
  await producer.disconnect();
  return window.sample();
}

export async function fetch(job: Job): Promise<Sample> {
  const consumer = client(job).consumer({ groupId: `kafkajs-${job.topic}` });
  await consumer.connect();
  await consumer.subscribe({ topics: [job.topic], fromBeginning: true });
  const window = new Window(job, job.records / 4);
  const over = Promise.withResolvers<void>();
  let bytes = 0;
  await consumer.run({
    autoCommit: false,
    eachBatch: ({ batch: { messages } }) => {
      if (window.isOver) return Promise.resolve();
      for (const { value } of messages) bytes += value?.length ?? 0;
      window.count(messages.length);
      if (window.total >= job.records) window.end();
      if (window.isOver) over.resolve();
      return Promise.resolve();
    },
  });
  await over.promise;
  if (bytes !== window.total * job.valueBytes) throw new Error(`${bytes} bytes are too few`);
  await consumer.disconnect();
  return window.sample();
}

function client({ bootstrap }: Job): Kafka {
  return new Kafka({ clientId: 'bench', brokers: [bootstrap], logLevel: logLevel.NOTHING });
}
