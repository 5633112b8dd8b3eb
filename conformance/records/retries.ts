/** `errors.retry.timeout`: what is tried again by it, and what happens when its time is over. */
import assert from 'node:assert/strict';
import type { ConformanceCase } from '../case.ts';
import type { Trial } from '../trial.ts';
import { badSinkRecords } from './bad-records.ts';
import { string } from './data.ts';

const retryMs = 1_500;

async function sinkOf(trial: Trial, settings: Readonly<Record<string, string>>) {
  const topic = await trial.topic();
  const places = await trial.log.produce(
    topic,
    ['a', 'b'].map((value) => ({ key: null, value: Buffer.from(`\0\0\0\0\u0001${value}`) })),
  );
  const connector = await trial.sink({
    topics: topic,
    'key.converter': string,
    ...trial.target.unreachableConverter,
    'errors.retry.delay.max.ms': '500',
    ...settings,
  });
  return { connector, end: (places.at(-1)?.offset ?? 0) + 1 };
}

export const retryCases: readonly ConformanceCase[] = [
  {
    title:
      'retries: a RetriableException of a converter is tried again for errors.retry.timeout, then skipped',
    run: async (trial) => {
      const startedMs = performance.now();
      const { connector, end } = await sinkOf(trial, {
        'errors.tolerance': 'all',
        'errors.retry.timeout': String(retryMs),
      });
      await connector.untilCommitted(end);
      // At the least for the first of them; whether one waits for the others is an affair of batches.
      assert.ok(performance.now() - startedMs >= retryMs);
    },
  },
  {
    title: 'retries: with errors.retry.timeout -1 it is tried again for ever, and the task runs',
    run: async (trial) => {
      const { connector } = await sinkOf(trial, {
        'errors.tolerance': 'all',
        'errors.retry.timeout': '-1',
      });
      await connector.untilRunning();
      await new Promise((resolve) => setTimeout(resolve, 2 * retryMs));
      assert.deepEqual(await connector.committed(), []);
      assert.equal((await connector.status()).tasks[0]?.state, 'RUNNING');
    },
  },
  {
    title: 'retries: a RetriableException whose time is over fails the task, tolerance none',
    run: async (trial) => {
      const { connector } = await sinkOf(trial, { 'errors.retry.timeout': '500' });
      const { trace } = await connector.untilFailed();
      assert.ok(trace.split('\n')[0]?.includes('Tolerance exceeded in error handler'), trace);
      assert.deepEqual(await connector.committed(), []);
    },
  },
  {
    title: 'retries: any other exception is not tried again',
    run: async (trial) => {
      const [bad] = badSinkRecords;
      if (!bad) throw new Error('there is no bad value');
      const topic = await trial.topic();
      await trial.log.produce(topic, bad.records);
      await trial.sink({
        topics: topic,
        ...bad.settings,
        'errors.tolerance': 'all',
        'errors.retry.timeout': '600000',
      });
      assert.equal((await trial.sunk(2)).length, 2);
    },
  },
];
