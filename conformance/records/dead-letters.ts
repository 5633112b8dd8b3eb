/** Dead letter queues: the topic, and each byte of a letter. */
import assert from 'node:assert/strict';
import { waitFor } from '@sluice/testkit';
import type { ConformanceCase } from '../case.ts';
import type { FoundRecord } from '../log-view.ts';
import type { ConnectorSettings } from '../targets/target.ts';
import type { Trial } from '../trial.ts';
import { type BadSinkRecords, badSinkRecords, badSourceRecords, linesOf } from './bad-records.ts';
import { readable, string } from './data.ts';

const prefix = '__connect.errors.';
const contextNames = [
  'topic',
  'partition',
  'offset',
  'connector.name',
  'task.id',
  'stage',
  'class.name',
  'exception.class.name',
  'exception.message',
  'exception.stacktrace',
].map((name) => `${prefix}${name}`);

/** Of a letter, without what two runtimes cannot have alike. */
function contextOf({ headers }: FoundRecord): Record<string, string> {
  return Object.fromEntries(
    headers
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, value]) => [name.slice(prefix.length), Buffer.from(value ?? []).toString()]),
  );
}

function queueOf(trial: Trial, more: ConnectorSettings = {}): ConnectorSettings {
  return {
    'errors.tolerance': 'all',
    'errors.deadletterqueue.topic.name': trial.name('dead'),
    'errors.deadletterqueue.topic.replication.factor': '1',
    'errors.deadletterqueue.context.headers.enable': 'true',
    ...more,
  };
}

function letterOf(bad: BadSinkRecords): ConformanceCase {
  return {
    title: `dead letters: of ${bad.stage}, byte for byte`,
    run: async (trial) => {
      const { letter, name, places, topic } = await oneLetter(trial, bad);
      const [, original] = bad.records;
      assert.deepEqual(readable(letter.key), readable(original.key));
      assert.deepEqual(readable(letter.value), readable(original.value));
      assert.equal(letter.timestampMs, original.timestampMs);
      assert.deepEqual(
        letter.headers.map(([header]) => header),
        ['own', 'none', ...contextNames],
      );
      assert.deepEqual(
        letter.headers.slice(0, 2).map(([, value]) => readable(value)),
        original.headers?.map(([, value]) => readable(value)),
      );
      const {
        'exception.message': message,
        'exception.stacktrace': _,
        ...rest
      } = contextOf(letter);
      assert.deepEqual(rest, {
        topic,
        partition: '0',
        offset: String(places[1]?.offset),
        'connector.name': name,
        'task.id': '0',
        stage: bad.stage,
        'class.name': bad.class,
        'exception.class.name': 'org.apache.kafka.connect.errors.DataException',
      });
      assert.notEqual(message, '');
    },
  };
}

async function oneLetter(trial: Trial, bad: BadSinkRecords) {
  const topic = await trial.topic();
  const places = await trial.log.produce(topic, bad.records);
  const connector = await trial.sink({ topics: topic, ...bad.settings, ...queueOf(trial) });
  const letters = await trial.log.read(trial.name('dead'), 1);
  assert.equal(letters.length, 1);
  const [letter] = letters;
  if (!letter) throw new Error('there is no letter');
  return { letter, topic, places, name: connector.name };
}

const [, , badHeader, badTransformation] = badSinkRecords;
const [badSource] = badSourceRecords;
if (!badHeader || !badTransformation || !badSource) throw new Error('bad records are missing');

const valueOf = (value: string) => ({ key: null, value: Buffer.from(value) });
const strings = { 'key.converter': string, 'value.converter': string };

const cases: readonly ConformanceCase[] = [
  {
    title: 'dead letters: the message of the exception, and its stack',
    difference: 'exception-text',
    run: async (trial) => {
      const context = contextOf((await oneLetter(trial, badTransformation)).letter);
      const said = trial.on({
        connect: {
          class: 'org.apache.kafka.connect.errors.DataException',
          message: 'Value (two) was out of range for requested data type',
        },
        // Values stay out of what is told.
        sluice: {
          class: 'DataError',
          message: 'Value was out of range for requested data type, or is no number',
        },
      });
      assert.equal(context['exception.message'], said.message);
      const [first, second] = context['exception.stacktrace']?.split('\n') ?? [];
      assert.equal(first, `${said.class}: ${said.message}`);
      assert.match(second ?? '', /^\s+at /);
    },
  },
  {
    title: 'dead letters: the topic is made with one partition, before anything fails',
    run: async (trial) => {
      const topic = await trial.topic();
      await trial.sink({ topics: topic, ...strings, ...queueOf(trial) });
      const dead = trial.name('dead');
      const partitions = await waitFor(() => trial.log.partitionsOf(dead), {
        what: `the topic ${dead}`,
        timeoutMs: 30_000,
      });
      assert.equal(partitions, 1);
    },
  },
  {
    title: 'dead letters: a topic that is there is taken as it is, and a key chooses the partition',
    run: async (trial) => {
      const topic = await trial.topic();
      await trial.topic('dead', 5);
      const keys = ['a', 'b', 'c', 'd', 'e'];
      await trial.log.produce(
        topic,
        keys.map((key) => ({ key: Buffer.from(key), value: Buffer.from('two') })),
      );
      await trial.sink({ topics: topic, ...badTransformation.settings, ...queueOf(trial) });
      const letters = await trial.log.read(trial.name('dead'), keys.length);
      // By the murmur2 of each key.
      assert.deepEqual(
        Object.fromEntries(letters.map(({ key, partition }) => [readable(key), partition])),
        { a: 4, b: 1, c: 4, d: 3, e: 4 },
      );
    },
  },
  {
    title: 'dead letters: without context headers a letter is the record alone',
    run: async (trial) => {
      const topic = await trial.topic();
      await trial.log.produce(topic, badTransformation.records);
      const quiet = { 'errors.deadletterqueue.context.headers.enable': 'false' };
      await trial.sink({
        topics: topic,
        ...badTransformation.settings,
        ...queueOf(trial, quiet),
      });
      const [letter] = await trial.log.read(trial.name('dead'), 1);
      assert.deepEqual(
        letter?.headers.map(([name, value]) => [name, readable(value)]),
        [
          ['own', 'h'],
          ['none', null],
        ],
      );
    },
  },
  {
    title: 'dead letters: what was a letter before has its headers twice, the newest last',
    run: async (trial) => {
      const topic = await trial.topic();
      const headers = [[`${prefix}stage`, Buffer.from('of before')]] as const;
      await trial.log.produce(topic, [{ ...valueOf('two'), headers }]);
      await trial.sink({ topics: topic, ...badTransformation.settings, ...queueOf(trial) });
      const [letter] = await trial.log.read(trial.name('dead'), 1);
      assert.deepEqual(
        letter?.headers.map(([name]) => name),
        [`${prefix}stage`, ...contextNames],
      );
      assert.equal(readable(letter?.headers[0]?.[1]), 'of before');
      assert.equal(letter && contextOf(letter)['stage'], 'TRANSFORMATION');
    },
  },
  {
    title: 'dead letters: a tombstone and an empty value are told apart',
    run: async (trial) => {
      const topic = await trial.topic();
      const header = (value: string) => [['h', Buffer.from(value)]] as const;
      await trial.log.produce(topic, [
        { key: Buffer.from('a'), value: null, headers: header('{"not json') },
        { key: null, value: Buffer.from(''), headers: header('{"not json') },
      ]);
      await trial.sink({
        topics: topic,
        ...badHeader.settings,
        ...queueOf(trial),
      });
      const letters = await trial.log.read(trial.name('dead'), 2);
      assert.deepEqual(
        letters.map(({ key, value }) => [readable(key), readable(value)]),
        [
          ['a', null],
          [null, ''],
        ],
      );
    },
  },
  {
    title: 'dead letters: what a sink task reports, at the stage TASK_PUT',
    run: async (trial) => {
      const topic = await trial.topic();
      const records = ['a', 'b', 'c'].map((value) => ({
        ...valueOf(value),
        timestampMs: 1_700_000_000_000,
        headers: [['own', Buffer.from('h')]] as const,
      }));
      const places = await trial.log.produce(topic, records);
      const connector = await trial.sink({
        topics: topic,
        ...strings,
        ...queueOf(trial),
        'fail.on': 'b',
        'fail.with': 'report',
      });
      const [letter, ...others] = await trial.log.read(trial.name('dead'), 1);
      assert.deepEqual(others, []);
      assert.equal(readable(letter?.value), 'b');
      assert.equal(letter?.timestampMs, 1_700_000_000_000);
      assert.equal(readable(letter?.headers[0]?.[1]), 'h');
      const { 'exception.stacktrace': _, ...context } = letter ? contextOf(letter) : {};
      assert.deepEqual(context, {
        topic,
        partition: '0',
        offset: String(places[1]?.offset),
        'connector.name': connector.name,
        'task.id': '0',
        stage: 'TASK_PUT',
        'class.name': 'org.apache.kafka.connect.sink.SinkTask',
        'exception.class.name': 'org.apache.kafka.connect.errors.DataException',
        'exception.message': 'the sink refuses b',
      });
      assert.equal((await trial.sunk(2)).length, 2);
      await connector.untilCommitted((places[2]?.offset ?? 0) + 1);
    },
  },
  {
    title: 'dead letters: of a record that fails its task, tolerance none',
    difference: 'letter-of-failure',
    run: async (trial) => {
      const topic = await trial.topic();
      await trial.log.produce(topic, badTransformation.records);
      const connector = await trial.sink({
        topics: topic,
        ...badTransformation.settings,
        ...queueOf(trial, { 'errors.tolerance': 'none' }),
      });
      await connector.untilFailed();
      const letters = trial.on({ connect: 1, sluice: 0 });
      assert.equal((await trial.log.read(trial.name('dead'), letters)).length, letters);
    },
  },
  {
    title: 'dead letters: one that is too large for its queue',
    difference: 'large-letters',
    run: async (trial) => {
      const topic = await trial.topic();
      const dead = await trial.topic('dead', 1, { 'max.message.bytes': '10000' });
      const large = { key: Buffer.from('k'), value: Buffer.from('x'.repeat(20_000)) };
      const places = await trial.log.produce(topic, [valueOf('two'), large]);
      const connector = await trial.sink({
        topics: topic,
        ...badTransformation.settings,
        ...queueOf(trial),
      });
      await connector.untilCommitted((places[1]?.offset ?? 0) + 1);
      const letters = trial.on({ connect: 1, sluice: 2 });
      const [small, shortened] = await trial.log.read(dead, letters);
      assert.equal(readable(small?.value), 'two');
      assert.equal((await trial.log.readNow(dead)).length, letters);
      if (!shortened) return;
      assert.equal(shortened.value, null);
      assert.equal(readable(shortened.key), 'k');
      assert.equal(contextOf(shortened)['offset'], String(places[1]?.offset));
      const omitted = shortened.headers.find(([name]) => name === '__sluice.errors.value.omitted');
      assert.equal(readable(omitted?.[1]), '20000');
    },
  },
  {
    title: 'dead letters: of a source',
    difference: 'source-dead-letters',
    run: async (trial) => {
      const topic = await trial.topic();
      const connector = await trial.source(linesOf(badSource, topic), {
        ...badSource.settings,
        ...queueOf(trial),
      });
      assert.equal((await trial.log.read(topic, 2)).length, 2);
      await connector.untilOffset({ line: 3 });
      const letters = trial.on({ connect: 0, sluice: 1 });
      const found = await trial.log.read(trial.name('dead'), letters);
      assert.equal(found.length, letters);
      const [letter] = found;
      if (!letter) return;
      assert.equal(readable(letter.key), 'k');
      assert.equal(readable(letter.value), '"two"');
      assert.equal(contextOf(letter)['stage'], 'VALUE_CONVERTER');
      const own = Object.fromEntries(
        letter.headers.map(([name, value]) => [name, readable(value) ?? '']),
      );
      assert.equal(own['__sluice.errors.value.encoding'], 'json');
      assert.equal(own['__sluice.errors.source.offset'], '{"line":2}');
    },
  },
  {
    title: 'dead letters: of a batch that put refuses, with errors.deadletterqueue.put.enable',
    difference: 'put-dead-letters',
    run: async (trial) => {
      const topic = await trial.topic();
      await trial.log.produce(topic, ['a', 'b', 'c'].map(valueOf));
      const connector = await trial.sink({
        topics: topic,
        ...strings,
        ...queueOf(trial),
        'errors.deadletterqueue.put.enable': 'true',
        'fail.on': 'b',
        'fail.with': 'fatal',
      });
      if (trial.on({ connect: 'fails', sluice: 'is searched' }) === 'fails') {
        assert.equal((await connector.untilFailed()).state, 'FAILED');
        assert.deepEqual(trial.lines('sunk.jsonl'), []);
        return;
      }
      assert.deepEqual(
        (await trial.sunk(2)).map(({ value }) => JSON.parse(value ?? '').payload as string),
        ['a', 'c'],
      );
      const [letter] = await trial.log.read(trial.name('dead'), 1);
      assert.equal(readable(letter?.value), 'b');
      assert.equal(letter && contextOf(letter)['stage'], 'TASK_PUT');
    },
  },
];

export const deadLetterCases: readonly ConformanceCase[] = [
  ...badSinkRecords.map(letterOf),
  ...cases,
];
