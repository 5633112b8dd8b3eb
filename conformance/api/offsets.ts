/** Offsets of connectors: read, altered, reset; and what is refused in which words. */
import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { waitFor } from '@sluice/testkit';
import type { ConformanceCase } from '../case.ts';
import type { ConnectorHandle } from '../connector.ts';
import type { Trial } from '../trial.ts';
import { create, fileSink, fileSource, untilStates } from './connectors.ts';
import { type Answer, ask, askOnce, assertAnswer, assertError } from './request.ts';

const frameworkManaged = (done: string): string =>
  `The Connect framework-managed offsets for this connector have been ${done} successfully. However, if this connector manages offsets externally, they will need to be manually ${done} in the system that the connector uses.`;
const own = (done: string): string =>
  `The offsets for this connector have been ${done} successfully`;

const notStopped = (name: string): string =>
  `Connectors must be in the STOPPED state before their offsets can be modified. This can be done for the specified connector by issuing a 'PUT' request to the '/connectors/${name}/stop' endpoint`;

const offsetsOf = (name: string): string => `/connectors/${name}/offsets`;

async function read(trial: Trial, name: string): Promise<readonly unknown[]> {
  const answer = await ask(trial, `GET ${offsetsOf(name)}`);
  assert.equal(answer.status, 200, answer.text);
  const body = answer.body as { readonly offsets: readonly unknown[] };
  assert.deepEqual(Object.keys(body), ['offsets']);
  return body.offsets;
}

async function untilRead(trial: Trial, name: string, expected: readonly unknown[]): Promise<void> {
  await waitFor(() => read(trial, name), {
    what: `the offsets of ${name} to be ${JSON.stringify(expected)}`,
    until: (offsets) => isDeepStrictEqual(offsets, expected),
    timeoutMs: 40_000,
    intervalMs: 200,
  });
}

/** A sink task of Kafka Connect may be seen in its group for a moment after it has stopped. */
async function change(
  trial: Trial,
  request: string,
  offsets?: readonly unknown[],
): Promise<Answer> {
  return await waitFor(
    () => ask(trial, request, offsets === undefined ? {} : { body: { offsets } }),
    {
      what: `an answer to ${request}`,
      until: ({ status, text }) => status !== 500 || !text.includes('zombie sink task'),
      timeoutMs: 40_000,
      intervalMs: 200,
    },
  );
}

const position = (file: string | undefined, at: number) => ({
  partition: { filename: file },
  offset: { position: at },
});

const place = (topic: string, offset: number, partition = 0) => ({
  partition: { kafka_partition: partition, kafka_topic: topic },
  offset: { kafka_offset: offset },
});

/** A FileStreamSource that has read `one`, `two` and was stopped. */
async function readSource(trial: Trial): Promise<{
  readonly connector: ConnectorHandle;
  readonly file: string | undefined;
  readonly topic: string;
}> {
  const topic = await trial.topic('lines');
  const config = fileSource(trial, topic, ['one', 'two']);
  const connector = await create(trial, 'source', config);
  const { file } = config;
  await untilRead(trial, connector.name, [position(file, 8)]);
  return { connector, file, topic };
}

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

const sources: readonly ConformanceCase[] = [
  {
    title: 'offsets: OffsetsApiIntegrationTest testGetSourceConnectorOffsets',
    run: async (trial) => {
      const { connector, file } = await readSource(trial);
      assert.deepEqual(await read(trial, connector.name), [position(file, 8)]);
    },
  },
  {
    title: 'offsets: a connector that has none yet',
    run: async (trial) => {
      const connector = await create(trial, 'new', fileSource(trial), { initial_state: 'STOPPED' });
      assert.deepEqual(await read(trial, connector.name), []);
    },
  },
  {
    title: 'offsets: OffsetsApiIntegrationTest testAlterOffsetsNonStoppedConnector',
    run: async (trial) => {
      const { connector, file } = await readSource(trial);
      const { name } = connector;
      const alter = { body: { offsets: [position(file, 4)] } };
      for (const verb of ['resume', 'pause']) {
        assertAnswer(await ask(trial, `PUT /connectors/${name}/${verb}`), 202);
        const state = verb === 'pause' ? 'PAUSED' : 'RUNNING';
        await untilStates(connector, state, [state]);
        const refusal = await ask(trial, `PATCH ${offsetsOf(name)}`, alter);
        assertError(refusal, 400, notStopped(name));
        assertError(await ask(trial, `DELETE ${offsetsOf(name)}`), 400, notStopped(name));
      }
      assert.deepEqual(await read(trial, name), [position(file, 8)]);
    },
  },
  {
    title:
      'offsets: OffsetsApiIntegrationTest testAlterSourceConnectorOffsets: the next start goes on there',
    run: async (trial) => {
      const { connector, file, topic } = await readSource(trial);
      await connector.stop();
      const altered = await change(trial, `PATCH ${offsetsOf(connector.name)}`, [
        position(file, 4),
      ]);
      assertAnswer(altered, 200, { message: own('altered') });
      assert.deepEqual(await read(trial, connector.name), [position(file, 4)]);
      await connector.resume();
      const found = await trial.log.read(topic, 3);
      assert.equal(found.at(-1)?.value?.toString(), 'two');
    },
  },
  {
    title:
      'offsets: OffsetsApiIntegrationTest testResetSourceConnectorOffsets: the next start begins anew; twice is as once',
    run: async (trial) => {
      const { connector, topic } = await readSource(trial);
      await connector.stop();
      for (let time = 1; time <= 2; time += 1) {
        const reset = await change(trial, `DELETE ${offsetsOf(connector.name)}`);
        assertAnswer(reset, 200, { message: own('reset') });
        assert.deepEqual(await read(trial, connector.name), []);
      }
      await connector.resume();
      await trial.log.read(topic, 4);
    },
  },
  {
    title: 'offsets: null resets one partition of a source',
    run: async (trial) => {
      const { connector, file } = await readSource(trial);
      await connector.stop();
      const { name } = connector;
      const altered = await change(trial, `PATCH ${offsetsOf(name)}`, [
        { partition: { filename: file }, offset: null },
      ]);
      assertAnswer(altered, 200, { message: own('altered') });
      assert.deepEqual(await read(trial, name), []);
    },
  },
  {
    title:
      'offsets: a source that says nothing of its offsets: they may have to be altered elsewhere',
    difference: 'offsets-elsewhere',
    run: async (trial) => {
      const connector = await create(
        trial,
        'records',
        {
          'connector.class': 'io.sluice.conformance.RecordsSourceConnector',
          'records.file': trial.writeLines('source.jsonl', []),
        },
        { initial_state: 'STOPPED' },
      );
      await untilStates(connector, 'STOPPED', []);
      const alter = [{ partition: { file: 'a' }, offset: { line: 3 } }];
      const altered = await change(trial, `PATCH ${offsetsOf(connector.name)}`, alter);
      assertAnswer(altered, 200, {
        message: trial.on({ connect: frameworkManaged('altered'), sluice: own('altered') }),
      });
      assert.deepEqual(await read(trial, connector.name), alter);
      const reset = await change(trial, `DELETE ${offsetsOf(connector.name)}`);
      assertAnswer(reset, 200, {
        message: trial.on({ connect: frameworkManaged('reset'), sluice: own('reset') }),
      });
    },
  },
  {
    title:
      'offsets: ConnectWorkerIntegrationTest testCreateSourceConnectorWithStoppedInitialStateAndModifyOffsets',
    run: async (trial) => {
      const topic = await trial.topic('lines');
      const config = fileSource(trial, topic, ['one', 'two']);
      const connector = await create(trial, 'source', config, { initial_state: 'STOPPED' });
      await untilStates(connector, 'STOPPED', []);
      const altered = await change(trial, `PATCH ${offsetsOf(connector.name)}`, [
        position(config['file'], 4),
      ]);
      assertAnswer(altered, 200);
      await connector.resume();
      const [first] = await trial.log.read(topic, 1);
      assert.equal(first?.value?.toString(), 'two');
    },
  },
];

const sinks: readonly ConformanceCase[] = [
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
      'offsets: OffsetsApiIntegrationTest testAlterSinkConnectorOffsetsZombieSinkTasks: somebody is in the group',
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
        const { status, text } = await askOnce(trial, request, options);
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

interface Refusal {
  readonly what: string;
  readonly offsets: unknown;
  readonly message: string | RegExp;
}

const nothingGiven = 'Partitions / offsets need to be provided for an alter offsets request';

/** OffsetsApiIntegrationTest testAlterSinkConnectorOffsetsInvalidRequestBody, and more. */
const sinkRefusals: readonly Refusal[] = [
  { what: 'no offsets', offsets: null, message: nothingGiven },
  { what: 'an empty list', offsets: [], message: nothingGiven },
  {
    what: 'no partition',
    offsets: [{ offset: { kafka_offset: 1 } }],
    message: 'The partition for a sink connector offset cannot be null or missing',
  },
  {
    what: 'a partition that is null',
    offsets: [{ partition: null, offset: { kafka_offset: 1 } }],
    message: 'The partition for a sink connector offset cannot be null or missing',
  },
  {
    what: 'a partition without its keys',
    offsets: [{ partition: { a: 1 }, offset: { kafka_offset: 1 } }],
    message:
      "The partition for a sink connector offset must contain the keys 'kafka_topic' and 'kafka_partition'",
  },
  {
    what: 'a topic that is null',
    offsets: [{ partition: { kafka_topic: null, kafka_partition: 0 }, offset: null }],
    message: 'Kafka topic names must be valid strings and may not be null',
  },
  {
    what: 'a number of a partition that is null',
    offsets: [{ partition: { kafka_topic: 't', kafka_partition: null }, offset: null }],
    message: 'Kafka partitions must be valid numbers and may not be null',
  },
  {
    what: 'a partition that is no number',
    offsets: [{ partition: { kafka_topic: 't', kafka_partition: 'x' }, offset: null }],
    message:
      "Failed to parse the following Kafka partition value in the provided offsets: 'x'. Partition values for sink connectors need to be integers.",
  },
  {
    what: 'an offset without its key',
    offsets: [{ partition: { kafka_topic: 't', kafka_partition: 0 }, offset: { a: 1 } }],
    message:
      "The offset for a sink connector should either be null or contain the key 'kafka_offset'",
  },
  {
    what: 'an offset that is no number',
    offsets: [
      { partition: { kafka_topic: 't', kafka_partition: 0 }, offset: { kafka_offset: 'x' } },
    ],
    message:
      "Failed to parse the following Kafka offset value in the provided offsets: 'x'. Offset values for sink connectors need to be integers.",
  },
];

/** OffsetsApiIntegrationTest testAlterSourceConnectorOffsetsInvalidRequestBody. */
const malformed: readonly (readonly [what: string, body: unknown])[] = [
  ['a list', []],
  ['an unknown field', { offsets: [], else: 1 }],
  ['offsets that are no list', { offsets: {} }],
  ['an entry that is a number', { offsets: [123] }],
  ['an unknown field of an entry', { offsets: [{ else: 1 }] }],
  ['a partition that is a list', { offsets: [{ partition: [], offset: null }] }],
];

const refused: readonly ConformanceCase[] = [
  {
    title:
      'offsets: OffsetsApiIntegrationTest testAlterSinkConnectorOffsetsInvalidRequestBody: each in its words',
    run: async (trial) => {
      const topic = await trial.topic('lines');
      const connector = await create(trial, 'sink', fileSink(trial, topic), {
        initial_state: 'STOPPED',
      });
      await untilStates(connector, 'STOPPED', []);
      for (const { message, offsets, what } of sinkRefusals) {
        const answer = await ask(trial, `PATCH ${offsetsOf(connector.name)}`, {
          body: { offsets },
        });
        assert.equal(answer.status, 400, `${what}: ${answer.text}`);
        assertError(answer, 400, message);
      }
    },
  },
  {
    title: 'offsets: OffsetsApiIntegrationTest testAlterSourceConnectorOffsetsInvalidRequestBody',
    difference: 'malformed-body',
    run: async (trial) => {
      const connector = await create(trial, 'source', fileSource(trial), {
        initial_state: 'STOPPED',
      });
      await untilStates(connector, 'STOPPED', []);
      for (const [what, body] of malformed) {
        const { status, text } = await ask(trial, `PATCH ${offsetsOf(connector.name)}`, { body });
        assert.equal(status, trial.on({ connect: 500, sluice: 400 }), `${what}: ${text}`);
      }
      for (const offsets of [null, []])
        assertError(
          await ask(trial, `PATCH ${offsetsOf(connector.name)}`, { body: { offsets } }),
          400,
          nothingGiven,
        );
    },
  },
  {
    title: 'offsets: FileStreamSource refuses what is no offset of a file',
    difference: 'offsets-of-plugins',
    run: async (trial) => {
      const connector = await create(trial, 'source', fileSource(trial), {
        initial_state: 'STOPPED',
      });
      await untilStates(connector, 'STOPPED', []);
      const answer = await ask(trial, `PATCH ${offsetsOf(connector.name)}`, {
        body: { offsets: [{ partition: { filename: 'x' }, offset: { position: -1 } }] },
      });
      assert.equal(answer.status, trial.on({ connect: 500, sluice: 200 }));
    },
  },
  {
    title: 'offsets: a topic that is not there',
    difference: 'offsets-of-missing-topics',
    run: async (trial) => {
      const topic = await trial.topic('lines');
      const connector = await create(trial, 'sink', fileSink(trial, topic), {
        initial_state: 'STOPPED',
      });
      await untilStates(connector, 'STOPPED', []);
      const answer = await change(trial, `PATCH ${offsetsOf(connector.name)}`, [
        place(trial.name('missing'), 1),
      ]);
      assert.equal(answer.status, trial.on({ connect: 500, sluice: 400 }), answer.text);
    },
  },
];

export const offsetCases: readonly ConformanceCase[] = [...sources, ...sinks, ...refused];
