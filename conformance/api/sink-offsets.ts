/** Offsets of sinks, which are those of their groups: read, altered, reset. */
import assert from 'node:assert/strict';
import type { ConformanceCase } from '../case.ts';
import type { Trial } from '../trial.ts';
import { create, fileSink, untilStates } from './connectors.ts';
import { change, offsetsOf, own, place, read, untilRead } from './offset-requests.ts';
import { ask, assertAnswer } from './request.ts';

/** A FileStreamSink that has written `one`, `two`. */
async function readSink(trial: Trial, more: Readonly<Record<string, string>> = {}) {
  const topic = await trial.topic('lines');
  await trial.log.produce(
    topic,
    ['one', 'two'].map((line) => ({ key: null, value: Buffer.from(line) })),
  );
  const connector = await create(trial, 'sink', { ...fileSink(trial, topic), ...more });
  await untilRead(trial, connector.name, [place(topic, 2)]);
  return { connector, topic };
}

export const sinkOffsetCases: readonly ConformanceCase[] = [
  {
    title: 'offsets: OffsetsApiIntegrationTest testGetSinkConnectorOffsets',
    run: async (trial) => {
      const { connector, topic } = await readSink(trial);
      assert.deepEqual(await read(trial, connector.name), [place(topic, 2)]);
    },
  },
  {
    title:
      'offsets: OffsetsApiIntegrationTest testGetSinkConnectorOffsetsOverriddenConsumerGroupId',
    run: async (trial) => {
      const group = trial.name('group');
      const { connector } = await readSink(trial, { 'consumer.override.group.id': group });
      assert.equal((await connector.committed(group)).length, 1);
      assert.deepEqual(await connector.committed(), []);
    },
  },
  {
    title: 'offsets: OffsetsApiIntegrationTest testAlterSinkConnectorOffsets: also as texts',
    run: async (trial) => {
      const { connector, topic } = await readSink(trial);
      await connector.stop();
      const altered = await change(trial, `PATCH ${offsetsOf(connector.name)}`, [
        {
          partition: { kafka_topic: topic, kafka_partition: '0' },
          offset: { kafka_offset: '1' },
        },
      ]);
      assertAnswer(altered, 200);
      assert.deepEqual(await read(trial, connector.name), [place(topic, 1)]);
      await connector.resume();
      assert.deepEqual(await trial.linesOf('out.txt', 3), ['one', 'two', 'two']);
    },
  },
  {
    title:
      'offsets: OffsetsApiIntegrationTest testAlterSinkConnectorOffsetsOverriddenConsumerGroupId, testResetSinkConnectorOffsetsOverriddenConsumerGroupId',
    run: async (trial) => {
      const group = trial.name('group');
      const { connector, topic } = await readSink(trial, { 'consumer.override.group.id': group });
      await connector.stop();
      const path = offsetsOf(connector.name);
      assertAnswer(await change(trial, `PATCH ${path}`, [place(topic, 1)]), 200);
      assert.deepEqual(await read(trial, connector.name), [place(topic, 1)]);
      assert.equal((await connector.committed(group))[0]?.offset, 1);
      assertAnswer(await change(trial, `DELETE ${path}`), 200);
      assert.deepEqual(await connector.committed(group), []);
      await connector.resume();
      assert.deepEqual(await trial.linesOf('out.txt', 4), ['one', 'two', 'one', 'two']);
    },
  },
  {
    title: 'offsets: null resets one partition of a sink',
    run: async (trial) => {
      const { connector, topic } = await readSink(trial);
      await connector.stop();
      const altered = await change(trial, `PATCH ${offsetsOf(connector.name)}`, [
        { partition: { kafka_topic: topic, kafka_partition: 0 }, offset: null },
      ]);
      assertAnswer(altered, 200);
      assert.deepEqual(await read(trial, connector.name), []);
    },
  },
  {
    title:
      'offsets: OffsetsApiIntegrationTest testResetSinkConnectorOffsets: it reads all again; twice is as once',
    run: async (trial) => {
      const { connector } = await readSink(trial);
      await connector.stop();
      for (let time = 1; time <= 2; time += 1) {
        assertAnswer(await change(trial, `DELETE ${offsetsOf(connector.name)}`), 200);
        assert.deepEqual(await read(trial, connector.name), []);
      }
      await connector.resume();
      assert.deepEqual(await trial.linesOf('out.txt', 4), ['one', 'two', 'one', 'two']);
    },
  },
  {
    title: 'offsets: what is said of a sink whose offsets are all in its group',
    run: async (trial) => {
      const { connector, topic } = await readSink(trial);
      await connector.stop();
      const altered = await change(trial, `PATCH ${offsetsOf(connector.name)}`, [place(topic, 1)]);
      assertAnswer(altered, 200, { message: own('altered') });
      const reset = await change(trial, `DELETE ${offsetsOf(connector.name)}`);
      assertAnswer(reset, 200, { message: own('reset') });
    },
  },
  {
    title:
      'offsets: ConnectWorkerIntegrationTest testCreateSinkConnectorWithStoppedInitialStateAndModifyOffsets',
    run: async (trial) => {
      const topic = await trial.topic('lines');
      await trial.log.produce(
        topic,
        ['one', 'two'].map((line) => ({ key: null, value: Buffer.from(line) })),
      );
      const connector = await create(trial, 'sink', fileSink(trial, topic), {
        initial_state: 'STOPPED',
      });
      await untilStates(connector, 'STOPPED', []);
      const altered = await change(trial, `PATCH ${offsetsOf(connector.name)}`, [place(topic, 1)]);
      assertAnswer(altered, 200);
      await connector.resume();
      assert.deepEqual(await trial.linesOf('out.txt', 1), ['two']);
    },
  },
  {
    title:
      'offsets: OffsetsApiIntegrationTest testAlterSinkConnectorOffsetsZombieSinkTasks, testResetSinkConnectorOffsetsZombieSinkTasks: somebody is in the group',
    run: async (trial) => {
      const { connector, topic } = await readSink(trial);
      await connector.stop();
      await using member = await trial.log.joinGroup(`connect-${connector.name}`, topic);
      assert.ok(member);
      const { name } = connector;
      for (const [request, options] of [
        [`PATCH ${offsetsOf(name)}`, { body: { offsets: [place(topic, 1)] } }],
        [`DELETE ${offsetsOf(name)}`, {}],
      ] as const) {
        const { status, text } = await ask(trial, request, options);
        assert.equal(status, 500, text);
        assert.match(text, /zombie sink task/);
        assert.match(
          text,
          /If the connector is in a stopped state, this operation can be safely retried/,
        );
      }
    },
  },
];
