// Needs no Redis, but processes, which the unit tests do without.
import { fileURLToPath } from 'node:url';
import { stringifyExactJson } from '@sluice/kernel';
import { inventoryOf, scanPlugins } from '@sluice/runtime';
import { expect, test } from 'vitest';

import { alterOffsetsInProcess } from '../src/alter-offsets-in-process.ts';

const fixture = fileURLToPath(new URL('fixtures/altering-plugins.ts', import.meta.url));
const { index, plugins } = inventoryOf([await scanPlugins([fixture])]);
const partition = { shard: 1 };
/** Each question is a process of its own, and the machine may be busy. */
const timeout = 60_000;

function ask(
  className: string,
  offset: object | null,
  more: Record<string, string> = {},
  timeoutMs = 15_000,
) {
  const isSink = className === 'AlteringSink';
  const offsets = [
    isSink
      ? { partition: { kafka_topic: 't', kafka_partition: '3' }, offset }
      : { partition, offset },
  ];
  return alterOffsetsInProcess(
    {
      index,
      config: { name: 'c', 'connector.class': className, topic: 'orders', ...more },
      version: '1.0.0',
      offsets: stringifyExactJson(offsets),
      timeoutMs,
    },
    { signal: new AbortController().signal },
  );
}

test('who wants to be asked is announced as such', () => {
  const asked = plugins.filter(({ altersOffsets }) => altersOffsets);
  expect(asked.map((each) => each.class)).toEqual(['Altering', 'AlteringSink']);
});

test('a connector says whether its offsets are all that there is', { timeout }, async () => {
  expect(await ask('Altering', null)).toEqual({ kind: 'taken', isAll: true });
  expect(await ask('Altering', { n: 18_014_398_509_481_985n })).toMatchObject({ isAll: true });
  expect(await ask('Altering', { n: 1 })).toEqual({ kind: 'taken', isAll: false });
  expect(await ask('AlteringSink', { kafka_offset: '7' })).toEqual({ kind: 'taken', isAll: true });
  expect(await ask('Gone', null)).toEqual({ kind: 'unknown' });
});

test('what it refuses with shows no secret', { timeout }, async () => {
  expect(await ask('Altering', { do: 'refuse' }, { secret: 'hunter2!' })).toEqual({
    kind: 'refused',
    isLate: false,
    message: 'orders cannot: <secret>',
  });
  // What a reference stands for is not known here.
  expect(await ask('Altering', null, { secret: '${env:SECRET}' })).toMatchObject({
    kind: 'refused',
    isLate: false,
  });
});

test.each(['wait', 'block'])('one that would %s is given up', { timeout }, async (what) => {
  expect(await ask('Altering', { do: what }, {}, 1_000)).toEqual({
    kind: 'refused',
    isLate: true,
    message: '',
  });
});

test('one that exits refuses', { timeout }, async () => {
  expect(await ask('Altering', { do: 'exit' })).toMatchObject({
    kind: 'refused',
    isLate: false,
    message: expect.stringContaining('code 4'),
  });
});
