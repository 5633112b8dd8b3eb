import { expect, test } from 'vitest';

import { SharedRun } from '../src/shared-run.ts';

function setUp(): {
  run: SharedRun<number>;
  started: PromiseWithResolvers<number>[];
} {
  const started: PromiseWithResolvers<number>[] = [];
  const run = new SharedRun(() => {
    const one = Promise.withResolvers<number>();
    started.push(one);
    return one.promise;
  });
  return { run, started };
}

async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

test('those that ask while a run is under way share the next one, which begins after it', async () => {
  const { run, started } = setUp();
  const first = run.ask();
  await turn();
  const later = [run.ask(), run.ask(), run.ask()];
  await turn();
  expect(started).toHaveLength(1);
  started[0]?.resolve(1);
  expect(await first).toBe(1);
  await turn();
  expect(started).toHaveLength(2);
  started[1]?.resolve(2);
  expect(await Promise.all(later)).toEqual([2, 2, 2]);
});

test('nobody is given a run that began before they asked', async () => {
  const { run, started } = setUp();
  const first = run.ask();
  await turn();
  const second = run.ask();
  started[0]?.resolve(1);
  await first;
  await turn();
  started[1]?.resolve(2);
  expect(await second).toBe(2);
  const third = run.ask();
  await turn();
  expect(started).toHaveLength(3);
  started[2]?.resolve(3);
  expect(await third).toBe(3);
});

test('a failure is told to those that share the run, and the next one begins all the same', async () => {
  const { run, started } = setUp();
  const first = [run.ask(), run.ask()];
  await turn();
  const second = run.ask();
  started[0]?.reject(new Error('gone'));
  await expect(Promise.all(first)).rejects.toThrow('gone');
  await turn();
  started[1]?.resolve(2);
  expect(await second).toBe(2);
});
