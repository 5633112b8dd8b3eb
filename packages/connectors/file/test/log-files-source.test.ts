import { appendFile, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type {
  ConnectorConfig,
  SourceRecord,
  SourceTask,
  SourceTaskContext,
} from '@sluice/connector-api';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { logFilesSource } from '../src/index.ts';

const logger = { debug() {}, info() {}, warn() {}, error() {} };

let folder: string;
let abort: AbortController;
let tasks: SourceTask[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-logs-'));
  abort = new AbortController();
  tasks = [];
});
afterEach(async () => {
  abort.abort();
  for (const task of tasks) await task.stop();
  await rm(folder, { recursive: true });
});

async function startTasks(count: number, more: ConnectorConfig = {}): Promise<void> {
  const config = { files: join(folder, '*.log'), topic: 'lines', 'refresh.ms': '20', ...more };
  const connector = logFilesSource.createConnector();
  await connector.start?.(config, {
    connector: 'logs',
    logger,
    signal: abort.signal,
    requestTaskReconfiguration() {},
    raiseError() {},
  });
  for (const [task, taskConfig] of (await connector.taskConfigs(count)).entries()) {
    const context: SourceTaskContext = {
      connector: 'logs',
      task,
      logger,
      signal: abort.signal,
      configs: () => taskConfig,
      offsets: async (partitions) => partitions.map(() => undefined),
    };
    const started = logFilesSource.createTask();
    tasks.push(started);
    await started.start(taskConfig, context);
  }
}

/** What each task reads: until there are so many together, and a little longer, in which no more may come. */
async function readRecords(count: number): Promise<SourceRecord[][]> {
  const read = tasks.map((): SourceRecord[] => []);
  const reading = tasks.map(async (task, number) => {
    while (!abort.signal.aborted) read[number]?.push(...((await task.poll()) ?? []));
  });
  while (read.flat().length < count) await sleep(20);
  await sleep(300);
  abort.abort();
  await Promise.all(reading);
  return read;
}

test('tasks share the logs, each log to one of them, and new logs are found', async () => {
  const names = Array.from({ length: 12 }, (_, n) => `service-${String(n)}`);
  for (const name of names) await appendFile(join(folder, `${name}.log`), `${name} 1\n`);
  await startTasks(3);
  const reading = readRecords(13);
  await sleep(100);
  await appendFile(join(folder, 'late.log'), 'late 1\n');
  const read = await reading;
  expect(read.flat().map(({ value }) => value)).toHaveLength(13);
  expect(new Set(read.flat().map(({ value }) => value)).size).toBe(13);
  for (const records of read) expect(records.length).toBeGreaterThan(0);
});

test('key, time and source partition of a record', async () => {
  await startTasks(1, { 'record.key': 'name', 'timestamp.regex': '"time":"([^"]+)"' });
  const log = join(folder, 'orders.log');
  await appendFile(log, '{"time":"2026-11-30T23:00:00.250Z","n":1}\n  continued\n');
  const [[first, second] = []] = await readRecords(2);
  const timestampMs = Date.parse('2026-11-30T23:00:00.250Z');
  expect(first).toMatchObject({
    topic: 'lines',
    key: 'orders',
    value: '{"time":"2026-11-30T23:00:00.250Z","n":1}',
    timestampMs,
    headers: [{ name: 'file.path', value: log }],
    sourcePartition: { path: log },
    sourceOffset: { position: 42 },
  });
  // Without a time of its own it has that of the line before.
  expect(second).toMatchObject({ value: '  continued', timestampMs });
});

test('more logs than a task may have fail it, with the remedy', async () => {
  for (const name of ['a', 'b', 'c']) await appendFile(join(folder, `${name}.log`), 'x\n');
  await startTasks(1, { 'files.max': '2' });
  await expect(tasks[0]?.poll()).rejects.toThrow(
    /3 logs for this task, more than files\.max \(2\): raise tasks\.max or files\.max/,
  );
});

test('files that were rotated before the first start are read too, in order', async () => {
  const log = join(folder, 'orders.log');
  for (const n of [1, 2, 3]) {
    await appendFile(log, `line ${String(n)}\n`);
    if (n < 3) await rename(log, `${log}.${String(3 - n)}`);
  }
  await startTasks(1, { 'rotated.wait.ms': '100' });
  const values = (await readRecords(3)).flat().map(({ value }) => value);
  expect(values).toEqual(['line 1', 'line 2', 'line 3']);
});
