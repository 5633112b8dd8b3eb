/**
 * What a fault does to its thread is seen from outside, in a worker thread that runs one task. Faults that
 * end the process are left to the executors' own tests.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { faultySource } from '../src/index.ts';
import { startSource, take } from './contexts.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-faulty-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

const config = { topic: 't', throughput: '200', 'fault.after.ms': '20' };

describe('FaultySource', () => {
  test('writes its sequence and then throws', async () => {
    const later = { ...config, 'fault.after.ms': '500' };
    const task = await startSource(faultySource, { ...later, fault: 'throw' });
    const [first] = await take(task, 1);
    expect(first?.sourceOffset).toEqual({ seqno: 0 });
    await expect(take(task, 1_000)).rejects.toThrow('failure on purpose');
    await task.stop();
  });

  test('misbehaves only as often as its file allows', async () => {
    const file = join(folder, 'faults');
    const once = { ...config, fault: 'throw', 'fault.once.file': file, 'fault.times': '2' };
    for (let start = 0; start < 2; start += 1) {
      const task = await startSource(faultySource, once);
      await expect(take(task, 1_000)).rejects.toThrow('failure on purpose');
      await task.stop();
    }
    const task = await startSource(faultySource, once, { offset: { seqno: 9 } });
    expect((await take(task, 20)).at(0)?.sourceOffset).toEqual({ seqno: 10 });
    await task.stop();
    expect((await readFile(file, 'utf8')).trimEnd().split('\n')).toHaveLength(2);
  });

  test('misbehaves only in the task that it is told', async () => {
    const only = { ...config, fault: 'throw', 'fault.task': '1' };
    const good = await startSource(faultySource, only, { task: 0, tasks: 2 });
    await take(good, 20);
    const bad = await startSource(faultySource, only, { task: 1, tasks: 2 });
    await expect(take(bad, 1_000)).rejects.toThrow('failure on purpose');
    await good.stop();
    await bad.stop();
  });

  test('lists its faults when it is given another', async () => {
    await expect(startSource(faultySource, { topic: 't', fault: 'sulk' })).rejects.toThrow(
      'one of: busy-loop, blocking-syscall, unhandled-rejection, uncaught-exception, memory-leak, huge-allocation, throw',
    );
  });
});

/** A thread that must compile TypeScript first takes its time on a busy machine. */
describe('in a thread', { timeout: 60_000 }, () => {
  const running: Worker[] = [];
  afterEach(async () => {
    for (const worker of running.splice(0)) await worker.terminate();
  });

  function run(fault: string): { worker: Worker; exit: Promise<unknown>; error: Promise<unknown> } {
    const url = new URL('./faulty-worker.ts', import.meta.url);
    const worker = new Worker(url, {
      workerData: { ...config, fault },
      execArgv: ['--conditions=@sluice/source', '--no-warnings'],
      resourceLimits: { maxOldGenerationSizeMb: 128 },
    });
    running.push(worker);
    const exit = new Promise((resolve) => worker.once('exit', resolve));
    const error = new Promise((resolve) => worker.once('error', resolve));
    return { worker, exit, error };
  }

  test.each([
    ['unhandled-rejection', { message: 'faulty source: rejection that nobody handles' }],
    ['uncaught-exception', { message: 'faulty source: exception that nobody catches' }],
    ['memory-leak', { code: 'ERR_WORKER_OUT_OF_MEMORY' }],
  ])('%s ends the thread', async (fault, facts) => {
    const { error } = run(fault);
    expect(await error).toMatchObject(facts);
  });

  test('a busy loop goes on until the thread is terminated', async () => {
    const { worker, exit } = run('busy-loop');
    const beats = new Promise<void>((resolve) => {
      // The thread beats while it can; silence for a while means that it is in the loop.
      let timer = setTimeout(() => {}, 0);
      worker.on('message', () => {
        clearTimeout(timer);
        timer = setTimeout(resolve, 300);
      });
    });
    await beats;
    await worker.terminate();
    expect(await exit).toBe(1);
  });
});
