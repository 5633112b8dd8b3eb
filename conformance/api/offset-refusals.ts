/** Changes of offsets that are refused, each in its words. */
import assert from 'node:assert/strict';
import type { ConformanceCase } from '../case.ts';
import { create, fileSink, fileSource, untilStates } from './connectors.ts';
import { change, offsetsOf, place } from './offset-requests.ts';
import { ask, assertError } from './request.ts';

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

const fileRefusals: readonly {
  readonly partition?: object;
  readonly offset: object;
  readonly message: string;
}[] = [
  {
    offset: { line: 1 },
    message: "Offset objects should either be null or contain the key 'position'",
  },
  {
    offset: { position: 1.5 },
    message: "The value for the 'position' key in the offset is expected to be a Long value",
  },
  {
    offset: { position: -1 },
    message: "The value for the 'position' key in the offset should be a non-negative value",
  },
  {
    partition: { file: 'x' },
    offset: { position: 1 },
    message: "Partition objects should contain the key 'filename'",
  },
];

export const offsetRefusalCases: readonly ConformanceCase[] = [
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
    title: 'offsets: FileStreamSource refuses what is no offset of a file, each in its words',
    run: async (trial) => {
      const connector = await create(trial, 'source', fileSource(trial), {
        initial_state: 'STOPPED',
      });
      await untilStates(connector, 'STOPPED', []);
      for (const { message, offset, partition = { filename: 'x' } } of fileRefusals) {
        const answer = await ask(trial, `PATCH ${offsetsOf(connector.name)}`, {
          body: { offsets: [{ partition, offset }] },
        });
        assertError(answer, 500, message);
      }
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
