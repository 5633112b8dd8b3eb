/**
 * Kafka's VerifiableSinkConnector: says what it gets, once when it was put and again, with `flushed`, when
 * its offset may be committed; as JSON lines on stdout, or appended to a file where a test reads them.
 */
import { appendFile } from 'node:fs/promises';
import { defineSink, type SinkPlugin, type SinkRecord, string } from '@sluice/connector-api';

interface Line {
  readonly name: string;
  readonly task: unknown;
  readonly sinkTask: number;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly time_ms: number;
  readonly seqno: unknown;
  readonly flushed?: true;
}

export const verifiableSink: SinkPlugin = defineSink({
  name: 'VerifiableSink',
  class: 'org.apache.kafka.connect.tools.VerifiableSinkConnector',
  version: '1.0.0',
  config: {
    file: string()
      .optional()
      .importance('high')
      .doc('File to append the lines to; {task} in it becomes the number of the task.'),
  },
  setup: ({ config, task }) => ({
    file: config.file?.replaceAll('{task}', String(task)),
    unflushed: [] as Line[],
  }),
  async put(records, { connector, task, state }) {
    if (records.length === 0) return;
    const time = Date.now();
    const lines = records.map((record) => lineOf(record, connector, task, time));
    await write(state.file, lines);
    state.unflushed.push(...lines);
  },
  async flush({ state }) {
    if (state.unflushed.length === 0) return;
    const time = Date.now();
    const lines = state.unflushed.map((line) => ({
      ...line,
      time_ms: time,
      flushed: true as const,
    }));
    state.unflushed = [];
    await write(state.file, lines);
  },
});

function lineOf(record: SinkRecord, name: string, sinkTask: number, time: number): Line {
  const value = record.value;
  const isSequence = typeof value === 'object' && value !== null && 'seqno' in value;
  return {
    name,
    task: isSequence && 'task' in value ? value.task : record.key,
    sinkTask,
    topic: record.topic,
    partition: record.partition,
    offset: record.offset,
    time_ms: time,
    seqno: isSequence ? value.seqno : value,
  };
}

/** One append for all lines: lines of several tasks in one file never mix. */
async function write(file: string | undefined, lines: readonly Line[]): Promise<void> {
  const text = lines.map((line) => `${JSON.stringify(line, exactNumbers)}\n`).join('');
  if (file === undefined) process.stdout.write(text);
  else await appendFile(file, text);
}

function exactNumbers(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}
