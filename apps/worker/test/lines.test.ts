/** How lines of logs get into Redis: bounded, in batches, without configuration values. */
import { type LogLine, logLineLimits } from '@sluice/coordination';
import { silentLogger } from '@sluice/kernel';
import { FakeClock } from '@sluice/kernel/testing';
import { expect, test } from 'vitest';

import { executorLines, type LinesTold } from '../src/lines/executor-lines.ts';
import { LineKeeper } from '../src/lines/line-keeper.ts';
import { toldLine } from '../src/lines/told-line.ts';

test('a line is its message, its fields and its trace, and says which unit it is about', () => {
  const fields = {
    unit: 'task/orders/3',
    connector: 'orders',
    fence: 7,
    error: 'not found',
    tries: 2,
    detail: { a: 1 },
    nothing: undefined,
    trace: 'Error: x\n  at y',
  };
  expect(toldLine('warn', fields, 'poll failed', 5)).toEqual({
    unit: 'task/orders/3',
    level: 'warn',
    atMs: 5,
    message: 'poll failed error="not found" tries=2 detail={"a":1}\nError: x\n  at y',
  });
  expect(toldLine('info', { unit: 'connector/a/b' }, 'x', 1).unit).toBe('connector/a/b');
  for (const unit of [undefined, 7, 'task/orders', 'worker/x', 'connector/']) {
    expect(toldLine('info', { unit }, 'x', 1).unit).toBeUndefined();
  }
  const cyclic: Record<string, unknown> = {};
  cyclic.self = cyclic;
  expect(toldLine('info', { cyclic, big: 1n }, 'x', 1).message).toBe('x cyclic=… big=…');
  expect(toldLine('info', {}, 'x'.repeat(99_000), 1).message.length).toBe(16_385);
});

test('an executor tells its lines in batches, with what their loggers were bound to', async () => {
  const clock = new FakeClock();
  const told: LinesTold[] = [];
  const logger = executorLines(silentLogger, { clock, tell: (lines) => void told.push(lines) });
  await clock.advance(10_000);
  expect(told).toEqual([]);
  const own = logger.child({ unit: 'task/orders/3' });
  own.info({}, 'first');
  own.child({ more: 1 }).error({ error: 'x' }, 'second');
  for (let count = 0; count < 300; count++) logger.debug({}, String(count));
  await clock.advance(500);
  expect(told).toHaveLength(1);
  expect(told[0]?.lines).toHaveLength(logLineLimits.perSecond);
  expect(told[0]?.dropped).toBe(102);
  expect(told[0]?.lines.slice(0, 2)).toMatchObject([
    { unit: 'task/orders/3', level: 'info', message: 'first' },
    { unit: 'task/orders/3', level: 'error', message: 'second more=1 error=x' },
  ]);
  await clock.advance(10_000);
  expect(told).toHaveLength(1);
});

function makeKeeper(): {
  clock: FakeClock;
  keeper: LineKeeper;
  batches: LogLine[][];
  answer: { error: Error | undefined };
} {
  const clock = new FakeClock();
  const batches: LogLine[][] = [];
  const answer: { error: Error | undefined } = { error: undefined };
  const keeper = new LineKeeper({
    worker: 'w-1',
    lines: {
      append: async (lines) => {
        if (answer.error) throw answer.error;
        batches.push([...lines]);
      },
      read: async () => ({ lines: [], next: null }),
    },
    hide: (unit, text) => text.replace('hunter2', `<of ${unit ?? 'any'}>`),
    clock,
  });
  return { clock, keeper, batches, answer };
}

const line = (message: string, unit?: string): ReturnType<typeof toldLine> => ({
  unit,
  level: 'info',
  atMs: 1,
  message,
});

test('a worker keeps its lines a second at a time, also those from before its start', async () => {
  const { clock, keeper, batches } = makeKeeper();
  keeper.add(line('early'));
  await clock.advance(5_000);
  expect(batches).toEqual([]);
  await keeper.start();
  keeper.addAll({ lines: [line('is hunter2', 'task/orders/3')], dropped: 0 });
  keeper.add(line('is hunter2'));
  await clock.advance(1_000);
  const common = { worker: 'w-1', connector: null, task: null, level: 'info', atMs: 1 };
  expect(batches).toEqual([
    [
      { ...common, message: 'early' },
      { ...common, connector: 'orders', task: 3, message: 'is <of task/orders/3>' },
      { ...common, message: 'is <of any>' },
    ],
  ]);
  await clock.advance(60_000);
  expect(batches).toHaveLength(1);
  keeper.add(line('last'));
  await keeper.stop();
  expect(batches.at(-1)).toMatchObject([{ message: 'last' }]);
});

test('a value is hidden also where the line is cut', async () => {
  const { clock, keeper, batches } = makeKeeper();
  await keeper.start();
  const before = 'x'.repeat(logLineLimits.characters - 3);
  keeper.add(toldLine('info', { trace: 'hunter2' }, before.slice(1), 1));
  await clock.advance(1_000);
  const [kept] = batches[0] ?? [];
  expect(kept?.message).toBe(`${before.slice(1)}\n<of…`);
});

test('of long lines fewer are kept', async () => {
  const { clock, keeper, batches } = makeKeeper();
  await keeper.start();
  const long = toldLine('info', {}, 'x'.repeat(99_000), 1);
  for (let count = 0; count < 100; count++) keeper.add(long);
  await clock.advance(1_000);
  const [kept = []] = batches;
  // So many of what is told of a line are as much as is kept of all lines.
  expect(kept).toHaveLength(24 + 1);
  expect(kept.at(-1)?.message).toContain('76 more lines');
  expect(kept[0]?.message).toHaveLength(logLineLimits.characters + 1);
});

test('what is too much, or could not be stored, is counted and told', async () => {
  const { clock, keeper, batches, answer } = makeKeeper();
  await keeper.start();
  const many = Array.from({ length: 150 }, (_, index) => line(String(index)));
  keeper.addAll({ lines: many, dropped: 7 });
  keeper.addAll({ lines: many, dropped: 0 });
  await clock.advance(1_000);
  expect(batches[0]).toHaveLength(logLineLimits.perSecond + 1);
  expect(batches[0]?.at(-1)).toMatchObject({ level: 'warn' });
  expect(batches[0]?.at(-1)?.message).toContain('107 more lines');
  expect(keeper.dropped).toBe(107);

  answer.error = new Error('Redis is away');
  keeper.add(line('lost'));
  await clock.advance(30_000);
  keeper.add(line('also lost'));
  await clock.advance(1_000);
  answer.error = undefined;
  await clock.advance(1_000);
  expect(batches[1]).toHaveLength(1);
  expect(batches[1]?.[0]?.message).toContain('2 more lines');
  expect(keeper.dropped).toBe(109);
});
