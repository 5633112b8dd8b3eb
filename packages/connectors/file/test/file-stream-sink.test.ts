import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  RetriableError,
  type SinkRecord,
  type SinkTask,
  type SinkTaskContext,
} from '@sluice/connector-api';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { fileStreamSink } from '../src/index.ts';

let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-file-'));
  file = join(folder, 'out.txt');
});

afterEach(async () => {
  vi.restoreAllMocks();
  await rm(folder, { recursive: true });
});

const ignore = () => {};
const context: SinkTaskContext = {
  connector: 'test',
  task: 0,
  signal: new AbortController().signal,
  logger: { debug: ignore, info: ignore, warn: ignore, error: ignore },
  assignment: () => [],
  seek: ignore,
  pause: ignore,
  resume: ignore,
  timeout: ignore,
  requestCommit: ignore,
  configs: () => ({}),
  errantRecordReporter: () => undefined,
};

async function started(config: Record<string, string>): Promise<SinkTask> {
  const task = fileStreamSink.createTask();
  await task.start(config, context);
  return task;
}

function records(...values: unknown[]): SinkRecord[] {
  return values.map((value, offset) => ({ topic: 't', partition: 0, offset, value }));
}

describe('FileStreamSink', () => {
  test("has Kafka Connect's class, aliases and keys", () => {
    expect(fileStreamSink).toMatchObject({
      class: 'org.apache.kafka.connect.file.FileStreamSinkConnector',
      aliases: ['FileStreamSinkConnector', 'FileStreamSink'],
    });
    expect(fileStreamSink.configDef.keys.map((key) => [key.name, key.required])).toEqual([
      ['file', false],
    ]);
  });

  test('appends a line for each value', async () => {
    await writeFile(file, 'there before\n');
    const task = await started({ file });
    await task.put(records('zażółć', '', null, 5, 2n ** 60n, { a: [1, 2n] }, Buffer.from('bytes')));
    await task.put([]);
    await task.flush?.(new Map());
    await task.stop();
    expect(await readFile(file, 'utf8')).toBe(
      'there before\nzażółć\n\nnull\n5\n1152921504606846976\n{"a":[1,"2"]}\nbytes\n',
    );
  });

  test('ends the half line that a killed process left', async () => {
    await writeFile(file, 'whole\nha');
    const task = await started({ file });
    await task.put(records('half', 'next'));
    await task.stop();
    expect(await readFile(file, 'utf8')).toBe('whole\nha\nhalf\nnext\n');
  });

  test('never mixes the lines of two tasks', async () => {
    const write = async (id: string) => {
      const task = await started({ file });
      for (let batch = 0; batch < 25; batch += 1)
        await task.put(records(id.repeat(5_000), id.repeat(3)));
      await task.stop();
    };
    await Promise.all([write('0'), write('1')]);
    const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
    expect(lines).toHaveLength(100);
    expect(lines.every((line) => /^(0+|1+)$/.test(line))).toBe(true);
  });

  test('fails by name when the file cannot be made', async () => {
    const path = join(folder, 'missing', 'out.txt');
    await expect(started({ file: path })).rejects.toThrow(
      `Couldn't find or create file '${path}' for FileStreamSinkTask`,
    );
  });

  test.skipIf(process.platform !== 'linux')(
    'asks for the batch again when the disk is full',
    async () => {
      const task = await started({ file: '/dev/full' });
      await expect(task.put(records('a'))).rejects.toThrow(RetriableError);
      await expect(task.put(records('a'))).rejects.toThrow('cannot append to "/dev/full": ENOSPC');
      await task.stop();
    },
  );

  test('writes to the standard output without a file', async () => {
    const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    const task = await started({});
    await task.put(records('a', 'b'));
    await task.flush?.(new Map());
    await task.stop();
    expect(write.mock.calls).toEqual([['a\nb\n']]);
  });
});
