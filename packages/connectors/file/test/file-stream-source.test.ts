import {
  appendFile,
  mkdtemp,
  rename,
  rm,
  stat,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SourceOffsetValue, SourceRecord, SourceTask } from '@sluice/connector-api';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { idleWaitMs } from '../src/file-stream-source.ts';
import { fileStreamSource } from '../src/index.ts';

let folder: string;
let file: string;
let tasks: SourceTask[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-file-'));
  file = join(folder, 'in.txt');
  tasks = [];
});

afterEach(async () => {
  for (const task of tasks) await task.stop();
  await rm(folder, { recursive: true });
});

const ignore = () => {};

async function started(offset?: SourceOffsetValue, config: Record<string, string> = {}) {
  const abort = new AbortController();
  const warnings: string[] = [];
  const asked: unknown[] = [];
  const task = fileStreamSource.createTask();
  tasks.push(task);
  await task.start(
    { file, topic: 'lines', ...config },
    {
      connector: 'test',
      task: 0,
      configs: () => ({}),
      signal: abort.signal,
      logger: {
        debug: ignore,
        info: ignore,
        warn: (_fields, message) => warnings.push(message),
        error: ignore,
      },
      offsets: async (partitions) => {
        asked.push(...partitions);
        return [offset];
      },
    },
  );
  return { task, abort, warnings, asked };
}

/** Under the same inode, at another time than before. */
async function rewrite(path: string, text: string): Promise<void> {
  const { mtimeMs } = await stat(path);
  await writeFile(path, text);
  const later = new Date(mtimeMs + 1_000);
  await utimes(path, later, later);
}

/** Polls until so many lines came; a task that never hands them over fails the test by its time limit. */
async function take(task: SourceTask, count: number): Promise<SourceRecord[]> {
  const records: SourceRecord[] = [];
  while (records.length < count) records.push(...((await task.poll()) ?? []));
  return records;
}

const values = (records: readonly SourceRecord[]) => records.map((record) => record.value);

describe('the connector', () => {
  const context = {
    connector: 'test',
    signal: new AbortController().signal,
    logger: { debug: ignore, info: ignore, warn: ignore, error: ignore },
    requestTaskReconfiguration: ignore,
    raiseError: ignore,
  };

  test("has Kafka Connect's class, aliases and keys", () => {
    expect(fileStreamSource).toMatchObject({
      class: 'org.apache.kafka.connect.file.FileStreamSourceConnector',
      aliases: ['FileStreamSourceConnector', 'FileStreamSource'],
    });
    expect(
      fileStreamSource.configDef.keys.map((key) => [key.name, key.required, key.defaultValue]),
    ).toEqual([
      ['file', false, null],
      ['topic', true, null],
      ['batch.size', false, '2000'],
    ]);
  });

  test('has one task whatever tasks.max', async () => {
    const connector = fileStreamSource.createConnector();
    const config = { file: '/in', topic: 't', 'tasks.max': '5' };
    await connector.start?.(config, context);
    expect(await connector.taskConfigs(5)).toEqual([config]);
  });

  test('refuses to read the standard input', () => {
    const connector = fileStreamSource.createConnector();
    expect(() => connector.start?.({ topic: 't' }, context)).toThrow('set "file"');
  });

  test('refuses a missing topic and a bad batch size at once', () => {
    const connector = fileStreamSource.createConnector();
    expect(() => connector.start?.({ file: '/in', 'batch.size': '0' }, context)).toThrow(
      'Missing required configuration "topic" which has no default value.\n' +
        'Invalid value 0 for configuration batch.size: Value must be at least 1',
    );
  });
});

describe('a task', () => {
  test('hands over each line with its position', async () => {
    await writeFile(file, 'first\nzwölf\r\nhalf');
    const { task, asked } = await started();
    const common = {
      topic: 'lines',
      valueSchema: { type: 'string' },
      sourcePartition: { filename: file },
      timestampMs: expect.any(Number) as number,
    };
    expect(await take(task, 2)).toEqual([
      { ...common, value: 'first', sourceOffset: { position: 6 } },
      { ...common, value: 'zwölf', sourceOffset: { position: 14 } },
    ]);
    expect(asked).toEqual([{ filename: file }]);
  });

  test('goes on at its stored position, which may be a BigInt', async () => {
    await writeFile(file, 'first\nsecond\nthird\n');
    const { task } = await started({ position: 6n });
    expect(values(await take(task, 2))).toEqual(['second', 'third']);
  });

  test('refuses an offset that is not its own', async () => {
    await expect(started({ position: 'six' })).rejects.toThrow(
      'Offset position is the incorrect type',
    );
  });

  test('hands over at most batch.size lines at a time, and loses none between', async () => {
    const lines = Array.from({ length: 25 }, (_, index) => `line ${String(index)}`);
    await writeFile(file, `${lines.join('\n')}\n`);
    const { task } = await started(undefined, { 'batch.size': '10' });
    const batches = [await task.poll(), await task.poll(), await task.poll()];
    expect(batches.map((batch) => batch?.length)).toEqual([10, 10, 5]);
    expect(batches.flatMap((batch) => values(batch ?? []))).toEqual(lines);
  });

  test('waits for a file that does not exist yet', async () => {
    const { task, warnings } = await started();
    const waiting = task.poll();
    await writeFile(file, 'here\n');
    expect(values((await waiting) ?? (await take(task, 1)))).toEqual(['here']);
    expect(warnings.length).toBeLessThanOrEqual(1);
  });

  test('follows a file that grows, and waits for the end of a line', async () => {
    await writeFile(file, 'one\ntw');
    const { task } = await started();
    expect(values(await take(task, 1))).toEqual(['one']);
    await appendFile(file, 'o\nthree\r');
    expect(values(await take(task, 1))).toEqual(['two']);
    await appendFile(file, '\nfour\n');
    const last = await take(task, 2);
    expect(values(last)).toEqual(['three', 'four']);
    expect(last.at(-1)?.sourceOffset).toEqual({ position: 20 });
  });

  test('comes back empty-handed after a while, and at once when it is stopped', async () => {
    await writeFile(file, '');
    const { task, abort } = await started();
    expect(await task.poll()).toBeNull();
    const waiting = task.poll();
    // Counted and not measured: a machine that stands still does not make it turn.
    let turns = 0;
    const turning = setInterval(() => (turns += 1), 10);
    abort.abort();
    expect(await waiting).toBeNull();
    clearInterval(turning);
    // Else it would be all of the second that a poll waits.
    expect(turns).toBeLessThan(50);
  });

  test.each([
    [0, 10],
    [100, 25],
    [2_000, 500],
    [60_000, 1_000],
  ])('looks again after %i ms of silence in %i ms', (silentMs, waitMs) => {
    expect(idleWaitMs(silentMs)).toBe(waitMs);
  });

  test('finds what comes after a silence', async () => {
    await writeFile(file, 'one\n');
    const { task } = await started();
    await take(task, 1);
    expect(await task.poll()).toBeNull();
    await appendFile(file, 'two\n');
    expect(values(await take(task, 1))).toEqual(['two']);
  });

  test('starts anew when the file was truncated', async () => {
    await writeFile(file, 'one\ntwo\n');
    const { task, warnings } = await started();
    await take(task, 2);
    await truncate(file, 0);
    await appendFile(file, 'new\n');
    const records = await take(task, 1);
    expect(values(records)).toEqual(['new']);
    expect(records[0]?.sourceOffset).toEqual({ position: 4 });
    expect(warnings).toEqual([expect.stringContaining('it was truncated')]);
  });

  test.each([
    ['as long as before', 'b2\n'],
    ['longer than before', 'b2\nb3\n'],
  ])('starts anew when the file was rewritten in place, %s', async (_how, text) => {
    await writeFile(file, 'a1\n');
    const { task, warnings } = await started();
    expect(await take(task, 1)).toMatchObject([{ value: 'a1' }]);
    // All was read, and looked at again.
    expect(await task.poll()).toBeNull();
    await rewrite(file, text);
    const lines = text.trim().split('\n');
    expect((await take(task, lines.length)).map(({ value }) => value)).toEqual(lines);
    expect(warnings).toEqual([expect.stringContaining('the file was rewritten')]);
    await appendFile(file, 'c\n');
    expect(await take(task, 1)).toMatchObject([{ value: 'c' }]);
  });

  test('starts anew when it goes on in a file that is rewritten later', async () => {
    await writeFile(file, 'a1\na2\n');
    const { task } = await started({ position: 6 });
    expect(await task.poll()).toBeNull();
    await rewrite(file, 'b1\nb2\n');
    expect((await take(task, 2)).map(({ value }) => value)).toEqual(['b1', 'b2']);
  });

  test('goes on where a file was only touched, or written with the same', async () => {
    await writeFile(file, 'a1\n');
    const { task, warnings } = await started();
    await take(task, 1);
    expect(await task.poll()).toBeNull();
    await rewrite(file, 'a1\n');
    expect(await task.poll()).toBeNull();
    await appendFile(file, 'a2\n');
    expect(await take(task, 1)).toMatchObject([{ value: 'a2' }]);
    expect(warnings).toEqual([]);
  });

  test('starts anew when the file is shorter than the stored position', async () => {
    await writeFile(file, 'new\n');
    const { task, warnings } = await started({ position: 1_000 });
    expect(values(await take(task, 1))).toEqual(['new']);
    expect(warnings).toEqual([expect.stringContaining('shorter than the position')]);
  });

  test('follows the name when the file is replaced, as a log that rotates', async () => {
    await writeFile(file, 'old\n');
    const { task, warnings } = await started();
    await take(task, 1);
    await appendFile(file, 'last\n');
    await rename(file, join(folder, 'in.txt.1'));
    expect(values(await take(task, 1))).toEqual(['last']);
    await writeFile(file, 'longer than the old one\n');
    expect(values(await take(task, 1))).toEqual(['longer than the old one']);
    expect(warnings).toEqual([expect.stringContaining('was replaced')]);
  });

  test('fails by name for what is no file', async () => {
    const { task } = await started(undefined, { file: folder });
    await expect(task.poll()).rejects.toThrow(`${folder} is not a regular file`);
  });

  test('reads many lines of several chunks', async () => {
    const lines = Array.from(
      { length: 20_000 },
      (_, index) => `${String(index)} ${'ż'.repeat(20)}`,
    );
    await writeFile(file, `${lines.join('\n')}\n`);
    const { task } = await started();
    const records = await take(task, lines.length);
    expect(values(records)).toEqual(lines);
    const size = Buffer.byteLength(lines.join('\n')) + 1;
    expect(records.at(-1)?.sourceOffset).toEqual({ position: size });
  });
});
