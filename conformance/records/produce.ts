/** Records that Kafka does not take from a source. */
import assert from 'node:assert/strict';
import type { ConformanceCase } from '../case.ts';
import type { RecordLine } from '../plugins/records-source.ts';
import { readable, string, text } from './data.ts';

const strings = { 'key.converter': string, 'value.converter': string };

/** In the middle of two that are taken. */
const refused: Readonly<Record<string, (topic: string) => RecordLine>> = {
  'a record that is too large': (topic) => ({ topic, value: text('x'.repeat(3_000_000)) }),
  'a topic whose name Kafka refuses': () => ({ topic: 'no topic!', value: text('x') }),
};

export const produceCases: readonly ConformanceCase[] = [
  ...Object.entries(refused).flatMap(([what, line]): ConformanceCase[] => [
    {
      title: `produce: ${what} fails its task, tolerance none`,
      run: async (trial) => {
        const topic = await trial.topic();
        const connector = await trial.source(
          [{ topic, value: text('a') }, line(topic), { topic, value: text('c') }],
          strings,
        );
        await connector.untilFailed();
      },
    },
    {
      title: `produce: ${what} is skipped, tolerance all`,
      run: async (trial) => {
        const topic = await trial.topic();
        const connector = await trial.source(
          [{ topic, value: text('a') }, line(topic), { topic, value: text('c') }],
          { ...strings, 'errors.tolerance': 'all' },
        );
        const found = await trial.log.read(topic, 2);
        assert.deepEqual(
          found.map(({ value }) => readable(value)),
          ['a', 'c'],
        );
        await connector.untilOffset({ line: 3 });
        assert.equal((await connector.status()).tasks[0]?.state, 'RUNNING');
      },
    },
  ]),
  {
    title: "produce: a record above the topic's own limit, tolerance all",
    difference: 'records-above-topic-limit',
    run: async (trial) => {
      const topic = await trial.topic('small', 1, { 'max.message.bytes': '10000' });
      const connector = await trial.source(
        ['a', 'x'.repeat(20_000), 'c', 'd'].map((value) => ({ topic, value: text(value) })),
        { ...strings, 'errors.tolerance': 'all' },
      );
      await trial.log.read(topic, 1);
      // The producer's batch of the three others is as large as before each time that it was split.
      if (trial.on({ connect: 'splits', sluice: 'skips' }) === 'splits')
        await new Promise((resolve) => setTimeout(resolve, 3_000));
      else await connector.untilOffset({ line: 4 });
      const found = await trial.log.readNow(topic);
      assert.deepEqual(
        found.map(({ value }) => readable(value)),
        trial.on({ connect: ['a'], sluice: ['a', 'c', 'd'] }),
      );
      assert.equal((await connector.status()).tasks[0]?.state, 'RUNNING');
    },
  },
  {
    title: 'produce: a record of a little less than 1 MiB',
    difference: 'large-records',
    run: async (trial) => {
      const topic = await trial.topic();
      const connector = await trial.source(
        [{ topic, value: text('x'.repeat(1_030_000)) }],
        strings,
      );
      if (trial.on({ connect: 'takes', sluice: 'refuses' }) === 'refuses')
        assert.match(
          (await connector.untilFailed()).trace,
          /above the log's limit of 1000000 bytes/,
        );
      else assert.equal((await trial.log.read(topic, 1)).length, 1);
    },
  },
  {
    title: 'produce: a partition that the topic does not have, tolerance all',
    difference: 'missing-partition',
    run: async (trial) => {
      const topic = await trial.topic();
      const connector = await trial.source(
        [
          { topic, value: text('a') },
          { topic, value: text('b'), partition: 7 },
          { topic, value: text('c') },
        ],
        { ...strings, 'errors.tolerance': 'all' },
      );
      await trial.log.read(topic, 1);
      if (trial.on({ connect: 'waits', sluice: 'skips' }) === 'waits')
        await new Promise((resolve) => setTimeout(resolve, 3_000));
      else await connector.untilOffset({ line: 3 });
      const found = await trial.log.readNow(topic);
      assert.deepEqual(
        found.map(({ value }) => readable(value)),
        trial.on({ connect: ['a'], sluice: ['a', 'c'] }),
      );
      assert.equal((await connector.status()).tasks[0]?.state, 'RUNNING');
    },
  },
];
