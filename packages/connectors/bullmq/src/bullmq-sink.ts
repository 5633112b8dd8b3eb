/**
 * A sink that adds a job for each record. The job's id is made of topic, partition and offset: a record that comes
 * again is the same job, for as long as the queue keeps that, also when it is completed.
 */
import {
  type ConfigOf,
  DataError,
  defineSink,
  type ErrantRecordReporter,
  int,
  oneOf,
  type SinkPlugin,
  type SinkRecord,
  string,
} from '@sluice/connector-api';
import type { JobsOptions } from 'bullmq';
import type { QueuePlace } from './check-server.ts';
import { type JobShape, jobOf, type QueuedJob } from './record-job.ts';
import { queueNameProblem, redisKeys } from './redis-keys.ts';

const secondsADay = 86_400;

const config = {
  ...redisKeys,
  queue: string()
    .default('{topic}')
    .nonEmpty()
    .importance('high')
    .check(queueNameProblem)
    .doc('Queue that the jobs go to; {topic} in it stands for the topic of the record.'),
  'job.name': string()
    .default('{topic}')
    .nonEmpty()
    .doc('Name of the jobs; {topic} in it stands for the topic of the record.'),
  'job.name.header': string()
    .optional()
    .doc('Header with the name of the job; where a record lacks it, job.name.'),
  'job.priority': int()
    .optional()
    .min(0)
    .max(2_097_152)
    .doc('Priority of the jobs, 1 is the highest. Without it, first in, first out.'),
  'job.priority.header': string()
    .optional()
    .doc('Header with the priority of the job; where a record lacks it, job.priority.'),
  'job.delay.ms': int().optional().min(0).doc('How long a job waits before it is processed, ms.'),
  'job.delay.header': string()
    .optional()
    .doc('Header with the delay of the job, ms; where a record lacks it, job.delay.ms.'),
  'job.attempts': int().default(1).min(1).doc('How often a job is tried in all.'),
  'job.backoff.type': oneOf('fixed', 'exponential')
    .default('exponential')
    .doc('How job.backoff.ms grows from attempt to attempt.'),
  'job.backoff.ms': int().default(1_000).min(0).doc('Time before the second attempt, ms.'),
  'keep.completed.s': int()
    .default(secondsADay)
    .min(-1)
    .doc(
      'How long completed jobs are kept, s; -1: for ever, 0: not at all. A record that comes again after its job is gone is another job.',
    ),
  'keep.failed.s': int()
    .default(-1)
    .min(-1)
    .doc('How long failed jobs are kept, s; -1: for ever, 0: not at all.'),
  tombstones: oneOf('skip', 'add', 'fail')
    .default('skip')
    .doc(
      'What becomes of a record without a value: skip, add a job whose data is null, or fail as a record that cannot be a job.',
    ),
};

export const bullmqSink: SinkPlugin = defineSink({
  name: 'BullmqSink',
  class: 'io.sluice.connect.bullmq.BullmqSinkConnector',
  version: '1.0.0',
  config,
  validate: async ({ config: settings }) => {
    const { serverProblems } = await import('./check-server.ts');
    return serverProblems(placeOf(settings));
  },
  setup: async ({ config: settings, logger, signal }) => {
    // BullMQ and its driver are loaded by those alone who run such a task.
    const [{ QueueWriter }, { assertServer }] = await Promise.all([
      import('./queue-writer.ts'),
      import('./check-server.ts'),
    ]);
    return {
      writer: new QueueWriter({ ...placeOf(settings), logger, signal }),
      shape: shapeOf(settings),
      assertServer,
      isChecked: false,
    };
  },
  async put(records, context) {
    const { config: settings, state } = context;
    // Not in `setup`: while Redis is away the batch comes again, and the task does not fail.
    if (!state.isChecked && records.length > 0) await state.assertServer(placeOf(settings));
    state.isChecked ||= records.length > 0;
    const jobs: QueuedJob[] = [];
    const reports: Promise<void>[] = [];
    for (const record of records) {
      if (isTombstone(record) && settings.tombstones === 'skip') continue;
      try {
        if (isTombstone(record) && settings.tombstones === 'fail')
          throw new DataError('it has no value, and tombstones is fail');
        jobs.push(jobOf(record, state.shape));
      } catch (error) {
        reports.push(reported(record, error, context.errantRecordReporter()));
      }
    }
    await state.writer.add(jobs);
    await Promise.all(reports);
  },
  teardown: ({ state }) => state.writer.close(),
});

function isTombstone({ value }: SinkRecord): boolean {
  return value === null || value === undefined;
}

/** Rejects, and so fails the task, where nothing takes such records. */
async function reported(
  record: SinkRecord,
  error: unknown,
  reporter: ErrantRecordReporter | undefined,
): Promise<void> {
  const { offset, partition, topic } = record.original ?? record;
  const place = `record ${topic}-${String(partition)}@${String(offset)}`;
  const cause = new DataError(
    `${place} cannot be a job: ${error instanceof Error ? error.message : String(error)}`,
  );
  if (!reporter) throw cause;
  await reporter.report(record, cause);
}

type Settings = ConfigOf<typeof config>;

function placeOf(settings: Settings): QueuePlace {
  const { queue } = settings;
  return {
    url: settings['redis.url'],
    prefix: settings['redis.prefix'],
    queues: queue.includes('{topic}') ? [] : [queue],
  };
}

function shapeOf(settings: Settings): JobShape {
  return {
    queue: settings.queue,
    name: settings['job.name'],
    nameHeader: settings['job.name.header'],
    priority: settings['job.priority'],
    priorityHeader: settings['job.priority.header'],
    delayMs: settings['job.delay.ms'],
    delayHeader: settings['job.delay.header'],
    options: {
      attempts: settings['job.attempts'],
      backoff: { type: settings['job.backoff.type'], delay: settings['job.backoff.ms'] },
      ...keptFor('removeOnComplete', settings['keep.completed.s']),
      ...keptFor('removeOnFail', settings['keep.failed.s']),
    },
  };
}

function keptFor(option: 'removeOnComplete' | 'removeOnFail', seconds: number): JobsOptions {
  if (seconds < 0) return {};
  return { [option]: seconds === 0 ? true : { age: seconds } };
}
