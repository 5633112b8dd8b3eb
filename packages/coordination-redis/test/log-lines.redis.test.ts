import { type LogLine, logLineLimits } from '@sluice/coordination';
import { newShortId } from '@sluice/kernel';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { clusterTag, RedisLogLines } from '../src/index.ts';
import { RedisUnderTest } from './redis-under-test.ts';

let under: RedisUnderTest;

beforeAll(async () => {
  under = await RedisUnderTest.start();
});

afterAll(async () => {
  await under.stop();
});

const line: LogLine = {
  worker: 'w-1',
  connector: 'orders',
  task: 0,
  level: 'info',
  atMs: 1_700_000_000_000,
  message: 'opened',
};

function makeLines(): { lines: RedisLogLines; key: string } {
  const cluster = newShortId();
  return {
    lines: new RedisLogLines({ redis: under.redis, cluster }),
    key: `${clusterTag(cluster)}:log-lines`,
  };
}

test('lines are read as they were kept, the newest first', async () => {
  const { lines } = makeLines();
  await lines.append([]);
  expect(await lines.read({ limit: 10 })).toEqual({ lines: [], next: null });
  const others = [
    { ...line, task: null, message: 'ü\n"x"' },
    { ...line, connector: null, task: null },
  ];
  await lines.append([line, ...others]);
  const { lines: read, next } = await lines.read({ limit: 10 });
  expect(next).toBeNull();
  const kept = [line, ...others].toReversed();
  expect(read).toEqual(kept.map((each, index) => ({ ...each, id: read[index]?.id })));
});

test('lines are found by connector, task, worker and level, page by page', async () => {
  const { lines } = makeLines();
  const levels = ['debug', 'info', 'warn', 'error'] as const;
  const all = Array.from({ length: 1_200 }, (_, index): LogLine => {
    const level = levels[index % 4] ?? 'info';
    return { ...line, level, task: index % 3, worker: `w-${index % 2}`, message: String(index) };
  });
  await lines.append(all);
  const count = async (query: object): Promise<number> =>
    (await lines.read({ limit: 5_000, ...query })).lines.length;
  expect(await count({})).toBe(1_200);
  expect(await count({ connector: 'bills' })).toBe(0);
  expect(await count({ connector: 'orders', task: 1 })).toBe(400);
  expect(await count({ worker: 'w-1' })).toBe(600);
  expect(await count({ level: 'warn' })).toBe(600);
  const seen: string[] = [];
  let before: string | null | undefined;
  while (before !== null) {
    const page = await lines.read({ limit: 170, level: 'error', before });
    seen.push(...page.lines.map(({ message }) => message));
    before = page.next;
  }
  expect(seen).toEqual(Array.from({ length: 300 }, (_, index) => String(1_199 - 4 * index)));
});

test('they are bounded, and each line is', async () => {
  const { lines, key } = makeLines();
  await lines.append([{ ...line, message: 'x'.repeat(100_000) }]);
  const [long] = (await lines.read({ limit: 1 })).lines;
  expect(long?.message.length).toBe(logLineLimits.characters + 1);
  for (let round = 0; round < 30; round++)
    await lines.append(Array.from({ length: 200 }, () => line));
  expect(await under.redis.xlen(key)).toBeLessThan(logLineLimits.lines + 200);
});

test('a line that somebody wrote by hand is shown as far as it can be', async () => {
  const { lines, key } = makeLines();
  await under.redis.xadd(key, '1000-0', 'm', 'hello', 'l', 'loud', 't', 'x');
  expect((await lines.read({ limit: 1 })).lines).toEqual([
    {
      id: '1000-0',
      worker: '',
      connector: null,
      task: null,
      level: 'info',
      atMs: 1_000,
      message: 'hello',
    },
  ]);
});
