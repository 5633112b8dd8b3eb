import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type MonitoredLine, monitorableSink, monitorableSource } from '../src/index.ts';
import { connectorContext, sinkContext, startSource, take } from './contexts.ts';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-monitorable-'));
  file = join(folder, 'calls.log');
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function calls(): Promise<string[]> {
  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
  return lines
    .map((line) => JSON.parse(line) as MonitoredLine)
    .map(({ call, task, records, acknowledged, partitions }) =>
      [call, task, records ?? acknowledged ?? partitions?.join()]
        .filter((is) => is !== undefined)
        .join(' '),
    );
}

describe('MonitorableSource', () => {
  test('notes each call, and goes on after the number that was stored', async () => {
    const config = { topic: 't', 'monitor.file': file, 'messages.per.poll': '2' };
    const task = await startSource(monitorableSource, config, { offset: { saved: 5 } });
    const [record] = await take(task, 2);
    expect(record).toMatchObject({
      key: 'key-orders-0-6',
      value: 'value-orders-0-6',
      headers: [{ name: 'header-6', value: 6 }],
      sourceOffset: { saved: 6 },
    });
    if (record) await task.commitRecord?.(record, undefined);
    await task.commit?.();
    await task.stop();
    expect(await calls()).toEqual([
      'connector.start',
      'connector.taskConfigs',
      'task.start 0',
      'task.poll 0 2',
      'task.commit 0 1',
      'task.stop 0',
    ]);
  });

  test('fails where it is told to, always or once, in one task or in all', async () => {
    await expect(
      startSource(monitorableSource, { 'inject.error': 'connector.start' }),
    ).rejects.toThrow('injected error in connector.start');
    const only = { 'inject.error': 'task.poll-once,task.start', 'inject.task': '1' };
    const good = await startSource(monitorableSource, only, { task: 0, tasks: 2 });
    await take(good, 1);
    await expect(startSource(monitorableSource, only, { task: 1, tasks: 2 })).rejects.toThrow(
      'injected error in task.start',
    );
    const once = await startSource(monitorableSource, { 'inject.error': 'task.poll-once' });
    await expect(take(once, 1)).rejects.toThrow('injected error in task.poll');
    await take(once, 1);
  });

  test('never returns from a call that is to block', async () => {
    const task = await startSource(monitorableSource, { 'inject.block': 'task.stop' });
    const stopped = Promise.resolve(task.stop()).then(() => 'stopped');
    const waited = new Promise((resolve) => setTimeout(() => resolve('blocked'), 20));
    expect(await Promise.race([stopped, waited])).toBe('blocked');
  });

  test('writes no more than max.messages, and keeps to its rate', async () => {
    const startMs = performance.now();
    const task = await startSource(monitorableSource, { 'max.messages': '3', throughput: '100' });
    await take(task, 3);
    expect(performance.now() - startMs).toBeGreaterThan(18);
    expect(await task.poll()).toBeNull();
  });

  test('asks for as many tasks as it is told, and lists its calls when given another', async () => {
    const connector = monitorableSource.createConnector();
    await connector.start?.({ 'num.tasks': '5' }, connectorContext());
    expect(await connector.taskConfigs(2)).toHaveLength(5);
    await expect(startSource(monitorableSource, { 'inject.error': 'lunch' })).rejects.toThrow(
      'Invalid value lunch for configuration inject.error: it must be one of connector.start,',
    );
  });
});

test('MonitorableSink notes what it is given', async () => {
  const task = monitorableSink.createTask();
  await task.start({ 'monitor.file': file }, sinkContext(2));
  await task.open?.([{ topic: 't', partition: 0 }]);
  await task.put([]);
  await task.put([{ topic: 't', partition: 0, offset: 0, value: 1 }]);
  await task.flush?.(new Map());
  await task.close?.([{ topic: 't', partition: 0 }]);
  await task.stop();
  expect(await calls()).toEqual([
    'task.start 2',
    'task.open 2 t-0',
    'task.put 2 1',
    'task.flush 2',
    'task.close 2 t-0',
    'task.stop 2',
  ]);
});
