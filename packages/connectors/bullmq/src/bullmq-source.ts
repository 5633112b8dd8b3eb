/**
 * A source that takes jobs of BullMQ queues. A job is completed when its record is acknowledged by the log, and not
 * before; so it arrives at least once, and twice if its task died in between.
 */
import { defineSource, int, list, oneOf, type SourcePlugin, string } from '@sluice/connector-api';
import { ArrivedJobs } from './arrived-jobs.ts';
import { keyProblem, recordOf } from './job-record.ts';
import type { HeldJob, QueueReader } from './queue-reader.ts';
import { queueNameProblem, redisKeys } from './redis-keys.ts';

const config = {
  ...redisKeys,
  queues: list()
    .nonEmpty()
    .max(1_000)
    .importance('high')
    .check((queues) => queues.map(queueNameProblem).find(Boolean))
    .doc('Names of the queues whose jobs are taken. More tasks than queues share queues.'),
  topic: string()
    .nonEmpty()
    .importance('high')
    .doc('Topic that the records go to; {queue} in it stands for the name of the queue.'),
  'record.key': string()
    .default('id')
    .check(keyProblem)
    .doc(
      'What is the key of a record: id or name of the job, none, or a field of its data, as data.customer.id.',
    ),
  'header.prefix': string().default('bullmq.').doc('What the names of headers begin with.'),
  'jobs.in.flight.max': int()
    .default(500)
    .min(1)
    .max(10_000)
    .doc(
      'At most so many jobs of each queue are read by a task and not yet completed. The task stops reading at them.',
    ),
  'rate.max': int()
    .optional()
    .min(1)
    .doc(
      'At most so many jobs of a queue in rate.duration.ms, over all of its workers. Without it, no limit.',
    ),
  'rate.duration.ms': int().default(1_000).min(1).doc('The time that rate.max is for, ms.'),
  'lock.duration.ms': int()
    .default(15_000)
    .min(1_000)
    .doc(
      'How long a job stays locked without being renewed, ms; locks are renewed in half of it. Jobs of a task that died come back after it and the next stalled check.',
    ),
  'stalled.interval.ms': int()
    .default(5_000)
    .min(100)
    .doc('How often jobs are looked for whose lock has expired, ms.'),
  'jobs.dropped': oneOf('complete', 'fail')
    .default('complete')
    .doc(
      'What becomes of a job whose record a transform dropped, or an error that was tolerated: completed, or failed without another attempt.',
    ),
  'keep.completed': int()
    .optional()
    .min(0)
    .doc('How many completed jobs of a queue are kept; 0: none. Without it, what each job says.'),
  'keep.failed': int()
    .optional()
    .min(0)
    .doc('How many failed jobs of a queue are kept; 0: none. Without it, what each job says.'),
};

/** Jobs that one batch has at most. */
const batchMax = 100;

export const bullmqSource: SourcePlugin = defineSource({
  name: 'BullmqSource',
  class: 'io.sluice.connect.bullmq.BullmqSourceConnector',
  version: '1.0.0',
  movesExternalCursor: true,
  config,
  validate: async ({ config: { 'redis.prefix': prefix, 'redis.url': url, queues } }) => {
    const { serverProblems } = await import('./check-server.ts');
    return serverProblems({ url, prefix, queues });
  },
  tasks: ({ config: { queues }, max }) => dealt(queues, max),
  setup: async ({ config: settings, connector, logger, task, work }) => {
    // BullMQ and its driver are loaded by those alone who run such a task.
    const [{ QueueReader }, { assertServer }] = await Promise.all([
      import('./queue-reader.ts'),
      import('./check-server.ts'),
    ]);
    const arrived = new ArrivedJobs();
    const rateMax = settings['rate.max'];
    const keepCompleted = settings['keep.completed'];
    const keepFailed = settings['keep.failed'];
    const open = (queue: string): QueueReader =>
      new QueueReader({
        url: settings['redis.url'],
        prefix: settings['redis.prefix'],
        queue,
        name: `${connector}/${String(task)}`,
        heldMax: settings['jobs.in.flight.max'],
        lockMs: settings['lock.duration.ms'],
        stalledIntervalMs: settings['stalled.interval.ms'],
        ...(rateMax === undefined
          ? {}
          : { rate: { max: rateMax, duration: settings['rate.duration.ms'] } }),
        ...(keepCompleted === undefined ? {} : { keepCompleted }),
        ...(keepFailed === undefined ? {} : { keepFailed }),
        logger,
        onJob: (held) => arrived.add(held),
      });
    return {
      arrived,
      held: new WeakMap<object, HeldJob>(),
      readers: [] as QueueReader[],
      openReaders: () => work.map(open),
      assertServer,
    };
  },
  async *run({ config: settings, signal, state, work }) {
    const url = settings['redis.url'];
    const prefix = settings['redis.prefix'];
    // Not in `setup`: a Redis that is away for a moment is waited for, and fails nothing.
    await state.assertServer({ url, prefix, queues: work });
    if (state.readers.length === 0) {
      state.readers.push(...state.openReaders());
      for (const reader of state.readers) reader.start();
    }
    const shape = {
      topic: settings.topic,
      key: settings['record.key'],
      headerPrefix: settings['header.prefix'],
    };
    while (!signal.aborted) {
      const jobs = await state.arrived.take(batchMax, signal);
      yield jobs.map((held) => {
        const record = recordOf(held.job, held.queue, shape);
        state.held.set(record, held);
        return record;
      });
    }
  },
  commitRecord: (record, metadata, { config: settings, state }) => {
    const held = state.held.get(record);
    if (metadata) held?.complete({ ...metadata });
    else if (settings['jobs.dropped'] === 'complete') held?.complete({ dropped: true });
    else held?.fail('its record was dropped on the way to the log');
  },
  teardown: async ({ state }) => {
    await Promise.all(state.readers.map((reader) => reader.close()));
  },
});

/** Each queue to one task in turn; tasks that are left share queues, as BullMQ's workers may. */
function dealt(queues: readonly string[], max: number): string[][] {
  const unique = [...new Set(queues)];
  if (max >= unique.length)
    return Array.from({ length: max }, (_, task) => [unique[task % unique.length] ?? '']);
  return Array.from({ length: max }, (_, task) => unique.filter((_each, at) => at % max === task));
}
