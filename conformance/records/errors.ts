/** What becomes of a record that fails, and of its task: each stage, in sinks and sources, tolerated and not. */
import assert from 'node:assert/strict';
import { waitFor } from '@sluice/testkit';
import type { ConformanceCase } from '../case.ts';
import type { ConnectorHandle } from '../connector.ts';
import type { Trial } from '../trial.ts';
import {
  type BadSinkRecords,
  type BadSourceRecords,
  badSinkRecords,
  badSourceRecords,
  linesOf,
} from './bad-records.ts';
import { string, text } from './data.ts';

const strings = { 'key.converter': string, 'value.converter': string };
const tolerant = { 'errors.tolerance': 'all' };
const exceeded = 'Tolerance exceeded in error handler';

function failsSink({ records, settings, stage }: BadSinkRecords): ConformanceCase {
  return {
    title: `errors: ${stage} of a sink fails its task, tolerance none`,
    run: async (trial) => {
      const topic = await trial.topic();
      await trial.log.produce(topic, records);
      const connector = await trial.sink({ topics: topic, ...settings });
      await assertFailed(connector);
      // Read in one batch, so that nothing of it is put, and nothing committed.
      assert.deepEqual(trial.lines('sunk.jsonl'), []);
      assert.deepEqual(await connector.committed(), []);
    },
  };
}

function skipsInSink({ records, settings, stage }: BadSinkRecords): ConformanceCase {
  return {
    title: `errors: ${stage} of a sink skips the record, tolerance all`,
    run: async (trial) => {
      const topic = await trial.topic();
      const [first, bad, third] = await trial.log.produce(topic, records);
      const connector = await trial.sink({ topics: topic, ...settings, ...tolerant });
      const sunk = await trial.sunk(2);
      assert.deepEqual(
        sunk.map(({ offset }) => offset),
        [first?.offset, third?.offset],
      );
      // One more bad one at the end is passed, too.
      const [, bad2] = await trial.log.produce(topic, [records[1], records[1]]);
      assert.notEqual(bad2?.offset, bad?.offset);
      await connector.untilCommitted((bad2?.offset ?? 0) + 1);
      assert.equal(trial.lines('sunk.jsonl').length, 2);
      await assertRuns(connector);
    },
  };
}

/** At every stage alike: what was before it in its batch. */
function failsSource(bad: BadSourceRecords): ConformanceCase {
  return {
    title: `errors: ${bad.stage} of a source fails its task, tolerance none`,
    difference: 'source-batch-of-failure',
    run: async (trial) => {
      const topic = await trial.topic();
      const connector = await trial.source(linesOf(bad, topic), bad.settings);
      await assertFailed(connector);
      const sent = trial.on({ connect: 1, sluice: 0 });
      assert.equal((await trial.log.read(topic, sent)).length, sent);
    },
  };
}

function skipsInSource(bad: BadSourceRecords): ConformanceCase {
  return {
    title: `errors: ${bad.stage} of a source skips the record, tolerance all`,
    run: async (trial) => {
      const topic = await trial.topic();
      const connector = await trial.source(linesOf(bad, topic), {
        ...bad.settings,
        ...tolerant,
        'commits.file': trial.path('commits.jsonl'),
      });
      assert.equal((await trial.log.read(topic, 2)).length, 2);
      await connector.untilOffset({ line: 3 });
      await assertRuns(connector);
      // The task is told of all three, and of the one that was skipped without its place in the log.
      const told = await trial.linesOf('commits.jsonl', 3);
      assert.deepEqual(
        told.map((line) => JSON.parse(line) as unknown).toSorted(byLine),
        [true, false, true].map((acknowledged, index) => ({ line: index + 1, acknowledged })),
      );
    },
  };
}

function byLine(a: unknown, b: unknown): number {
  return (a as { line: number }).line - (b as { line: number }).line;
}

async function assertFailed(connector: ConnectorHandle): Promise<void> {
  const { trace } = await connector.untilFailed();
  assert.ok(trace.split('\n')[0]?.includes(exceeded), trace);
  const status = await connector.status();
  assert.equal(status.connector.state, 'RUNNING');
}

async function assertRuns(connector: ConnectorHandle): Promise<void> {
  const { connector: own, tasks } = await connector.status();
  assert.deepEqual([own.state, ...tasks.map(({ state }) => state)], ['RUNNING', 'RUNNING']);
}

const [badValue] = badSinkRecords;

const otherCases: readonly ConformanceCase[] = [
  {
    title: 'errors: the first line of the trace of a task whose record was not tolerated',
    difference: 'trace-first-line',
    run: async (trial) => {
      const { connector, offset, topic } = await startFailing(trial);
      const { trace } = await connector.untilFailed();
      assert.equal(
        trace.split('\n')[0],
        trial.on({
          connect: `org.apache.kafka.connect.errors.ConnectException: ${exceeded}`,
          sluice: `SluiceError: ${exceeded}: the value of a record of ${topic} partition 0 offset ${String(offset)} cannot be converted`,
        }),
      );
    },
  },
  {
    title: 'errors: a task that failed is begun again',
    difference: 'automatic-restarts',
    run: async (trial) => {
      const { connector } = await startFailing(trial);
      const { state } = await connector.untilFailed();
      assert.equal(state, trial.on({ connect: 'FAILED', sluice: 'RESTARTING' }));
      // In the end it is given up, there too.
      await waitFor(() => connector.status(), {
        what: 'the task to be FAILED',
        until: ({ tasks }) => tasks[0]?.state === 'FAILED',
        timeoutMs: 60_000,
      });
    },
  },
  {
    title: 'errors: poll is called again after a RetriableException, without end',
    run: async (trial) => {
      const topic = await trial.topic();
      const connector = await trial.source(
        [
          { topic, value: text('a') },
          { fail: 'retriable', times: 3 },
          { topic, value: text('b') },
        ],
        strings,
      );
      const found = await trial.log.read(topic, 2);
      assert.deepEqual(
        found.map(({ value }) => String(Buffer.from(value ?? []))),
        ['a', 'b'],
      );
      await assertRuns(connector);
    },
  },
  {
    title: 'errors: poll fails the task by any other exception, whatever is tolerated',
    run: async (trial) => {
      const topic = await trial.topic();
      const connector = await trial.source([{ topic, value: text('a') }, { fail: 'fatal' }], {
        ...strings,
        ...tolerant,
      });
      const { trace } = await connector.untilFailed();
      assert.match(trace.split('\n')[0] ?? '', /ConnectE\w+: the source failed$/);
      assert.equal((await trial.log.read(topic, 1)).length, 1);
    },
  },
  {
    title: 'errors: put gets the same batch again after a RetriableException, without end',
    run: async (trial) => {
      const topic = await trial.topic();
      await trial.log.produce(
        topic,
        ['a', 'b', 'c'].map((value) => ({ key: null, value: Buffer.from(value) })),
      );
      const connector = await trial.sink({
        topics: topic,
        ...strings,
        'fail.on': 'b',
        'fail.with': 'retriable',
        'fail.times': '3',
      });
      const sunk = await trial.sunk(3);
      assert.equal(sunk.length, 3);
      await connector.untilCommitted((sunk[2]?.offset ?? 0) + 1);
      await assertRuns(connector);
    },
  },
  {
    title: 'errors: put fails the task by any other exception, whatever is tolerated',
    run: async (trial) => {
      const topic = await trial.topic();
      await trial.log.produce(
        topic,
        ['a', 'b'].map((value) => ({ key: null, value: Buffer.from(value) })),
      );
      const connector = await trial.sink({
        topics: topic,
        ...strings,
        ...tolerant,
        'fail.on': 'b',
        'fail.with': 'fatal',
      });
      const { trace } = await connector.untilFailed();
      assert.match(trace, /the sink refuses b/);
      assert.deepEqual(trial.lines('sunk.jsonl'), []);
      assert.deepEqual(await connector.committed(), []);
    },
  },
  {
    title: 'errors: errors.log.enable logs stage and class, and the record if it may',
    run: async (trial) => {
      if (!badValue) throw new Error('there is no bad value');
      const topic = await trial.topic();
      const places = await trial.log.produce(topic, badValue.records);
      const connector = await trial.sink({
        topics: topic,
        ...badValue.settings,
        ...tolerant,
        'errors.log.enable': 'true',
        'errors.log.include.messages': 'true',
      });
      const said =
        `Error encountered in task ${connector.name}-0. Executing stage 'VALUE_CONVERTER' with class '${badValue.class}', ` +
        `where consumed record is {topic='${topic}', partition=0, offset=${String(places[1]?.offset)}, ` +
        `timestamp=1700000000000, timestampType=CreateTime}.`;
      await waitFor(() => trial.target.logs().includes(said), {
        what: `the log to say: ${said}`,
        timeoutMs: 30_000,
      });
    },
  },
];

async function startFailing(trial: Trial) {
  if (!badValue) throw new Error('there is no bad value');
  const topic = await trial.topic();
  const places = await trial.log.produce(topic, badValue.records);
  const connector = await trial.sink({ topics: topic, ...badValue.settings });
  return { topic, offset: places[1]?.offset, connector };
}

export const errorCases: readonly ConformanceCase[] = [
  ...badSinkRecords.flatMap((bad) => [failsSink(bad), skipsInSink(bad)]),
  ...badSourceRecords.flatMap((bad) => [failsSource(bad), skipsInSource(bad)]),
  ...otherCases,
];
