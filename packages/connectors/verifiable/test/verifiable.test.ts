import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pluginsOf, type SinkRecord } from '@sluice/connector-api';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import * as moduleNamespace from '../src/index.ts';
import { noopSource, plugins, verifiableSink, verifiableSource } from '../src/index.ts';
import { sinkContext, startSource, take, taskConfigsOf } from './contexts.ts';

test('the module exports its plugins as a runtime looks for them', () => {
  expect(pluginsOf(moduleNamespace)).toEqual(plugins);
  expect(plugins.map((plugin) => plugin.class)).toEqual([
    'org.apache.kafka.connect.tools.VerifiableSourceConnector',
    'org.apache.kafka.connect.tools.VerifiableSinkConnector',
    'org.apache.kafka.connect.tools.MockSourceConnector',
    'org.apache.kafka.connect.tools.MockSinkConnector',
    'org.apache.kafka.connect.integration.MonitorableSourceConnector',
    'org.apache.kafka.connect.integration.MonitorableSinkConnector',
    'org.apache.kafka.connect.tools.SchemaSourceConnector',
    'DatagenSource',
    'NoopSource',
    'FaultySource',
  ]);
});

describe('VerifiableSource', () => {
  test('has as many tasks as asked for, each with its number', async () => {
    const configs = await taskConfigsOf(verifiableSource, { topic: 't' }, 3);
    expect(configs.map((config) => config['task.work'])).toEqual([
      '{"id":0}',
      '{"id":1}',
      '{"id":2}',
    ]);
  });

  test('numbers its records from 0', async () => {
    const task = await startSource(verifiableSource, { topic: 't' }, { task: 1, tasks: 2 });
    const records = await take(task, 700);
    expect(records.slice(0, 700).map((record) => record.sourceOffset)).toEqual(
      Array.from({ length: 700 }, (_, seqno) => ({ seqno })),
    );
    expect(records[699]).toEqual({
      topic: 't',
      key: 1,
      value: {
        name: 'orders',
        task: 1,
        topic: 't',
        time_ms: expect.any(Number) as number,
        seqno: 699,
      },
      sourcePartition: { id: 1 },
      sourceOffset: { seqno: 699 },
    });
    await task.stop();
  });

  test('goes on after the number that was stored', async () => {
    const task = await startSource(verifiableSource, { topic: 't' }, { offset: { seqno: 41n } });
    const [first] = await take(task, 1);
    expect(first?.sourceOffset).toEqual({ seqno: 42 });
    await task.stop();
  });

  test('keeps to its rate', async () => {
    const startMs = performance.now();
    const task = await startSource(verifiableSource, { topic: 't', throughput: '200' });
    await take(task, 60);
    // 59 records after the first at 200 a second take 295 ms; how much longer depends on the machine.
    expect(performance.now() - startMs).toBeGreaterThan(250);
    await task.stop();
  });

  test('makes larger records on request', async () => {
    const config = { topic: 't', 'payload.bytes': '100' };
    const task = await startSource(verifiableSource, config);
    const [first] = await take(task, 1);
    expect(first?.value).toMatchObject({ filler: 'x'.repeat(100) });
    await task.stop();
  });
});

describe('VerifiableSink', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-verifiable-'));
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await rm(folder, { recursive: true });
  });

  const record: SinkRecord = {
    topic: 't',
    partition: 2,
    offset: 7,
    key: 1,
    value: { name: 'orders', task: 1, topic: 't', time_ms: 5, seqno: 9 },
  };

  test('says what it got when it was put, and again when it was flushed', async () => {
    const task = verifiableSink.createTask();
    await task.start({ file: join(folder, 'sink-{task}.log') }, sinkContext(3));
    await task.put([record]);
    await task.flush?.(new Map());
    await task.flush?.(new Map());
    await task.stop();
    const text = await readFile(join(folder, 'sink-3.log'), 'utf8');
    const line = {
      name: 'audit',
      task: 1,
      sinkTask: 3,
      topic: 't',
      partition: 2,
      offset: 7,
      time_ms: expect.any(Number) as number,
      seqno: 9,
    };
    const lines = text.trimEnd().split('\n');
    expect(lines.map((each): unknown => JSON.parse(each))).toEqual([
      line,
      { ...line, flushed: true },
    ]);
  });

  test("takes Kafka's own values too: a number, with the task as its key", async () => {
    const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    const task = verifiableSink.createTask();
    await task.start({}, sinkContext(0));
    await task.put([{ ...record, value: 12 }]);
    expect(JSON.parse(String(write.mock.calls[0]?.[0]))).toMatchObject({ task: 1, seqno: 12 });
    await task.stop();
  });
});

describe('NoopSource', () => {
  test('produces nothing and ends as soon as it is stopped', async () => {
    const abort = new AbortController();
    const task = await startSource(noopSource, {}, { signal: abort.signal });
    const waiting = task.poll();
    abort.abort();
    expect(await waiting).toBeNull();
    await task.stop();
  });
});
