/** Where records go, and from where a connector goes on: partitions, timestamps, tombstones, offsets, files. */
import assert from 'node:assert/strict';
import type { ConformanceCase } from '../case.ts';
import { dataOf, json, optional, plain, readable, string, structOf, text } from './data.ts';

const strings = { 'key.converter': string, 'value.converter': string };
const filter = {
  transforms: 'drop',
  'transforms.drop.type': 'Filter',
  'transforms.drop.predicate': 'isDropped',
  predicates: 'isDropped',
  'predicates.isDropped.type': 'HasHeaderKey',
  'predicates.isDropped.name': 'drop',
};
const drop = { headers: [['drop', text('x')]] as const };

const words = ['alpha', 'beta', 'gamma', 'delta', 'épsilon', '漢字', ''];

/** Murmur2 of the key's bytes, over five partitions. */
const partitionOf: Readonly<Record<string, number>> = {
  alpha: 3,
  beta: 4,
  gamma: 1,
  delta: 3,
  épsilon: 4,
  漢字: 2,
  '': 1,
};

const sources: readonly ConformanceCase[] = [
  {
    title: 'source: a key chooses the partition as Kafka does, a partition that is given wins',
    run: async (trial) => {
      const topic = await trial.topic('records', 5);
      await trial.source(
        [
          ...words.map((word) => ({ topic, key: text(word), value: text(word) })),
          ...words.map((word) => ({ topic, key: text(word), value: text('given'), partition: 2 })),
        ],
        strings,
      );
      const found = await trial.log.read(topic, 2 * words.length);
      const chosen = found.filter(({ value }) => readable(value) !== 'given');
      assert.deepEqual(
        Object.fromEntries(chosen.map(({ key, partition }) => [readable(key), partition])),
        partitionOf,
      );
      const given = found.filter(({ value }) => readable(value) === 'given');
      assert.deepEqual(new Set(given.map(({ partition }) => partition)), new Set([2]));
    },
  },
  {
    title: "source: timestamps are the records' own, or those of the moment",
    run: async (trial) => {
      const topic = await trial.topic();
      const beforeMs = Date.now();
      await trial.source(
        [
          { topic, value: text('a'), timestamp: 1_234_567_890_123 },
          { topic, value: text('b'), timestamp: 0 },
          { topic, value: text('c') },
        ],
        strings,
      );
      const [own, zero, none] = await trial.log.read(topic, 3);
      assert.equal(own?.timestampMs, 1_234_567_890_123);
      assert.equal(zero?.timestampMs, 0);
      assert.ok((none?.timestampMs ?? 0) >= beforeMs - 1_000);
      assert.ok((none?.timestampMs ?? 0) <= Date.now() + 1_000);
    },
  },
  {
    title: 'source: null without a schema is a tombstone, also as a key',
    run: async (trial) => {
      const topic = await trial.topic();
      await trial.source(
        [
          { topic, key: text('k'), value: null },
          { topic, key: null, value: text('v') },
          { topic, key: null, value: null },
        ],
        { 'key.converter': json, 'value.converter': json },
      );
      const found = await trial.log.read(topic, 3);
      assert.deepEqual(
        found.map(({ key, value }) => [readable(key), readable(value)]),
        [
          [text('k'), null],
          [null, text('v')],
          [null, null],
        ],
      );
    },
  },
  {
    title:
      'source: the offset of the last record that was written is stored, and the next start goes on there',
    run: async (trial) => {
      const topic = await trial.topic();
      const line = (value: string) => JSON.stringify({ topic, value: text(value) });
      const connector = await trial.source([{ topic, value: text('a') }], strings);
      await trial.log.read(topic, 1);
      await connector.untilOffset({ line: 1 });
      assert.deepEqual(await connector.offsets(), [
        { partition: { file: trial.path('source.jsonl') }, offset: { line: 1 } },
      ]);
      await connector.stop();
      trial.appendLines('source.jsonl', [line('b')]);
      await connector.resume();
      const found = await trial.log.read(topic, 2);
      assert.deepEqual(
        found.map(({ value }) => readable(value)),
        ['a', 'b'],
      );
    },
  },
  {
    title: 'source: records that transforms drop before others move the offset with these',
    run: async (trial) => {
      const topic = await trial.topic();
      const connector = await trial.source(
        [
          { topic, value: text('a'), ...drop },
          { topic, value: text('b') },
        ],
        { ...strings, ...filter, 'commits.file': trial.path('commits.jsonl') },
      );
      await connector.untilOffset({ line: 2 });
      assert.equal((await trial.log.readNow(topic)).length, 1);
      const told = await trial.linesOf('commits.jsonl', 2);
      assert.deepEqual(told.toSorted(), [
        '{"line":1,"acknowledged":false}',
        '{"line":2,"acknowledged":true}',
      ]);
    },
  },
  {
    title: 'source: records that transforms drop behind all others',
    difference: 'offsets-of-dropped-records',
    run: async (trial) => {
      const topic = await trial.topic();
      const connector = await trial.source(
        [
          { topic, value: text('a') },
          { topic, value: text('b'), ...drop },
          { topic, value: text('c'), ...drop },
        ],
        { ...strings, ...filter, 'commits.file': trial.path('commits.jsonl') },
      );
      await trial.linesOf('commits.jsonl', 3);
      const last = trial.on({ connect: 1, sluice: 3 });
      await connector.untilOffset({ line: last });
      // It stays there, whatever is flushed and stored when it ends.
      await connector.stop();
      assert.deepEqual((await connector.offsets())[0]?.offset, { line: last });
    },
  },
  {
    title: 'source: FileStreamSource writes lines, without keys',
    run: async (trial) => {
      const topic = await trial.topic();
      const file = trial.writeLines('in.txt', ['one', '', 'three  ']);
      const connector = await trial.start('lines', {
        'connector.class': 'FileStreamSource',
        file,
        topic,
        'key.converter': json,
        'value.converter': json,
      });
      const found = await trial.log.read(topic, 3);
      assert.deepEqual(
        found.map(({ headers, key, value }) => [readable(key), readable(value), headers]),
        ['one', '', 'three  '].map((line) => [null, text(line), []]),
      );
      await connector.untilOffset({ position: 13 });
      assert.deepEqual((await connector.offsets())[0]?.partition, { filename: file });
    },
  },
  {
    title: 'source: FileStreamSource and letters of more than one byte',
    difference: 'file-source-positions',
    run: async (trial) => {
      const topic = await trial.topic();
      const file = trial.writeLines('in.txt', ['größe', 'zwei']);
      const connector = await trial.start('lines', {
        'connector.class': 'FileStreamSource',
        file,
        topic,
        ...strings,
      });
      const found = await trial.log.read(topic, 2);
      assert.deepEqual(
        found.map(({ value }) => readable(value)),
        ['größe', 'zwei'],
      );
      await connector.untilOffset({ position: trial.on({ connect: 11, sluice: 13 }) });
    },
  },
];

const sinks: readonly ConformanceCase[] = [
  {
    title: 'sink: a record has its topic, partition, offset, timestamp and tombstone',
    run: async (trial) => {
      const topic = await trial.topic('records', 3);
      const places = await trial.log.produce(topic, [
        { key: Buffer.from('a'), value: null, partition: 2, timestampMs: 1_234 },
        { key: null, value: Buffer.from('v'), partition: 0, timestampMs: 1_700_000_000_000 },
      ]);
      await trial.sink({ topics: topic, ...strings });
      const sunk = await trial.sunk(2);
      const [tombstone, other] = sunk.toSorted((a, b) => b.partition - a.partition);
      assert.deepEqual(
        { ...tombstone, key: dataOf(tombstone?.key), value: dataOf(tombstone?.value) },
        {
          topic,
          ...places[0],
          timestamp: 1_234,
          key: dataOf(optional('string', 'a')),
          value: dataOf(optional('string', null)),
          headers: [],
          original: { topic, ...places[0] },
        },
      );
      assert.deepEqual(
        [other?.partition, other?.offset, other?.timestamp],
        [0, places[1]?.offset, 1_700_000_000_000],
      );
    },
  },
  {
    title: 'sink: the group connect-NAME has the offsets, and a restart goes on there',
    run: async (trial) => {
      const topic = await trial.topic();
      const [place] = await trial.log.produce(topic, [{ key: null, value: Buffer.from('a') }]);
      const connector = await trial.sink({ topics: topic, ...strings });
      await trial.sunk(1);
      const next = (place?.offset ?? 0) + 1;
      await connector.untilCommitted(next);
      assert.deepEqual(await connector.committed(), [{ topic, partition: 0, offset: next }]);
      await connector.stop();
      await trial.log.produce(topic, [{ key: null, value: Buffer.from('b') }]);
      await connector.resume();
      const sunk = await trial.sunk(2);
      assert.deepEqual(
        sunk.map(({ value }) => dataOf(value)),
        ['a', 'b'].map((value) => dataOf(optional('string', value))),
      );
    },
  },
  {
    title: 'sink: consumer.override.group.id is the group',
    run: async (trial) => {
      const topic = await trial.topic();
      const [place] = await trial.log.produce(topic, [{ key: null, value: Buffer.from('a') }]);
      const group = trial.name('group');
      const connector = await trial.sink({
        topics: topic,
        ...strings,
        'consumer.override.group.id': group,
      });
      const next = (place?.offset ?? 0) + 1;
      await connector.untilCommitted(next, group);
      assert.deepEqual(await connector.committed(), []);
    },
  },
  {
    title: 'sink: consumer.override.auto.offset.reset=latest begins at the end',
    run: async (trial) => {
      const topic = await trial.topic();
      await trial.log.produce(topic, [{ key: null, value: Buffer.from('old') }]);
      const connector = await trial.sink({
        topics: topic,
        ...strings,
        'consumer.override.auto.offset.reset': 'latest',
      });
      await connector.untilRunning();
      // Where it begins is known once there is an offset; until then what is written may be before it.
      for (let attempt = 0; trial.lines('sunk.jsonl').length === 0; attempt += 1) {
        assert.ok(attempt < 60, 'nothing that was written after the start has arrived');
        await trial.log.produce(topic, [{ key: null, value: Buffer.from('new') }]);
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
      const [first] = await trial.sunk(1);
      assert.deepEqual(dataOf(first?.value), dataOf(optional('string', 'new')));
    },
  },
  {
    title: 'sink: topics.regex takes the topics that match as a whole',
    run: async (trial) => {
      const [one, two, other] = [
        await trial.topic('part-1'),
        await trial.topic('part-2'),
        await trial.topic('no-part-3'),
      ];
      for (const topic of [one, two, other])
        await trial.log.produce(topic, [{ key: null, value: Buffer.from(topic) }]);
      await trial.sink({ 'topics.regex': `part-[0-9]${trial.name('')}`, ...strings });
      const sunk = await trial.sunk(2);
      assert.deepEqual(sunk.map(({ topic }) => topic).toSorted(), [one, two]);
    },
  },
  {
    title: "sink: topics.regex is Java's: quotations, classes of its own, what follows or not",
    run: async (trial) => {
      const topics = ['j.a1', 'j.b1', 'jxa1', 'j.a1-not'];
      const names: string[] = [];
      for (const topic of topics) {
        const name = await trial.topic(topic);
        await trial.log.produce(name, [{ key: null, value: Buffer.from(name) }]);
        names.push(name);
      }
      await trial.sink({
        'topics.regex': `(?!.*-not-)\\Qj.\\E[\\p{Lower}&&[^b]]\\p{Digit}${trial.name('')}`,
        ...strings,
      });
      const [only] = await trial.sunk(1);
      assert.equal(only?.topic, names[0]);
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      assert.equal(trial.lines('sunk.jsonl').length, 1);
    },
  },
  {
    title: 'sink: a list of topics, several tasks',
    run: async (trial) => {
      const topics = [await trial.topic('one', 2), await trial.topic('two', 2)];
      const parts = topics.flatMap((topic) => [0, 1].map((partition) => ({ topic, partition })));
      for (const { partition, topic } of parts)
        await trial.log.produce(topic, [{ key: null, value: Buffer.from('v'), partition }]);
      const connector = await trial.sink({
        topics: topics.join(' , '),
        'tasks.max': '2',
        ...strings,
      });
      const sunk = await trial.sunk(4);
      assert.deepEqual(
        sunk.map(({ partition, topic }) => `${topic} ${String(partition)}`).toSorted(),
        parts.map(({ partition, topic }) => `${topic} ${String(partition)}`).toSorted(),
      );
      await connector.untilRunning(2);
    },
  },
  {
    title: 'sink: FileStreamSink writes text as it is',
    run: async (trial) => {
      const topic = await trial.topic();
      await trial.log.produce(
        topic,
        ['one', 'größe 漢', '', null].map((value) => ({
          key: null,
          value: value === null ? null : Buffer.from(value),
        })),
      );
      await trial.start('lines', {
        'connector.class': 'FileStreamSink',
        file: trial.path('out.txt'),
        topics: topic,
        ...strings,
      });
      assert.deepEqual(await trial.linesOf('out.txt', 4), ['one', 'größe 漢', '', 'null']);
    },
  },
  {
    title: 'sink: FileStreamSink writes data that is not text',
    difference: 'file-sink-data',
    run: async (trial) => {
      const topic = await trial.topic();
      const values = [
        structOf({ a: 'int32', b: 'string' }, { a: 1, b: 'x' }),
        plain({ a: [1, 2] }),
      ];
      await trial.log.produce(
        topic,
        values.map((value) => ({ key: null, value: Buffer.from(value) })),
      );
      await trial.start('lines', {
        'connector.class': 'FileStreamSink',
        file: trial.path('out.txt'),
        topics: topic,
        'key.converter': string,
        'value.converter': json,
      });
      assert.deepEqual(
        await trial.linesOf('out.txt', 2),
        trial.on({
          connect: ['Struct{a=1,b=x}', '{a=[1, 2]}'],
          sluice: ['{"a":1,"b":"x"}', '{"a":[1,2]}'],
        }),
      );
    },
  },
];

export const deliveryCases: readonly ConformanceCase[] = [...sources, ...sinks];
