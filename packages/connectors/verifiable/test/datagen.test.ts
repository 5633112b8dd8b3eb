import { validateValue } from '@sluice/connector-api';
import { describe, expect, test } from 'vitest';
import { parseGenerator } from '../src/datagen/generator.ts';
import { randomOf } from '../src/datagen/random.ts';
import { datagenSource } from '../src/index.ts';
import { startSource, take, taskConfigsOf } from './contexts.ts';

const fast = { topic: 't', rate: '-1' };

describe('DatagenSource', () => {
  test.each(['orders', 'users', 'pageviews'])('has valid %s with a key', async (quickstart) => {
    const task = await startSource(datagenSource, { ...fast, quickstart });
    for (const { key, keySchema, value, valueSchema } of await take(task, 500)) {
      if (!keySchema || !valueSchema) throw new Error('a schema is missing');
      validateValue(keySchema, key);
      validateValue(valueSchema, value);
      expect(key).not.toBeNull();
    }
    await task.stop();
  });

  test('writes the same records after a restart, other ones in another task and for another seed', async () => {
    const recordsOf = async (given: { seed?: string; task?: number; after?: number }) => {
      const { seed = '1', task: number = 0, after } = given;
      const task = await startSource(
        datagenSource,
        { ...fast, seed },
        { task: number, tasks: 2, ...(after === undefined ? {} : { offset: { seqno: after } }) },
      );
      const records = (await take(task, 20)).slice(0, 20);
      await task.stop();
      return records.map(({ value }) => value);
    };
    const first = await recordsOf({});
    expect((await recordsOf({ after: 9 })).slice(0, 10)).toEqual(first.slice(10));
    expect(await recordsOf({ task: 1 })).not.toEqual(first);
    expect(await recordsOf({ seed: '2' })).not.toEqual(first);
  });

  test('ends after its iterations', async () => {
    const task = await startSource(datagenSource, { ...fast, iterations: '7' });
    expect(await take(task, 7)).toHaveLength(7);
    await task.stop();
  });

  test('refuses a wrong schema when the connector starts, and says where', async () => {
    const schema = '{"type":"struct","fields":{"a":{"type":"array","items":{"type":"colour"}}}}';
    await expect(taskConfigsOf(datagenSource, { ...fast, schema }, 1)).rejects.toThrow(
      'schema.a.items: "type" is colour, but must be one of: sequence, int32,',
    );
    await expect(
      taskConfigsOf(datagenSource, { ...fast, 'key.field': 'nothing' }, 1),
    ).rejects.toThrow('"key.field" is nothing, but the schema has no such field');
  });
});

describe('a generator', () => {
  test('keeps to its range, options and share of nulls', () => {
    const generator = parseGenerator(
      JSON.stringify({
        type: 'struct',
        fields: {
          count: { type: 'int64', min: -3, max: 3 },
          price: { type: 'decimal', scale: 2, min: 1, max: 1.5 },
          state: { type: 'string', options: ['a', 'b'] },
          note: { type: 'string', words: 2, nulls: 0.25 },
        },
      }),
    );
    const values = Array.from({ length: 2_000 }, (_, n) => generator.make(randomOf(5, n), n)) as {
      count: number;
      price: { unscaled: bigint };
      state: string;
      note: string | null;
    }[];
    const seen = (of: (value: (typeof values)[number]) => unknown) => new Set(values.map(of));
    expect(seen(({ count }) => count)).toEqual(new Set([-3, -2, -1, 0, 1, 2, 3]));
    expect(seen(({ state }) => state)).toEqual(new Set(['a', 'b']));
    const prices = values.map(({ price }) => Number(price.unscaled));
    expect([Math.min(...prices), Math.max(...prices)]).toEqual([100, 150]);
    const nulls = values.filter(({ note }) => note === null).length;
    expect(nulls / values.length).toBeCloseTo(0.25, 1);
    expect(generator.schema.fields?.map(({ schema: { optional } }) => optional ?? false)).toEqual([
      false,
      false,
      false,
      true,
    ]);
  });

  test.each([
    ['[', '"schema" is not JSON'],
    ['[]', 'schema must be an object'],
    ['{"type":"int32","min":5,"max":1}', 'schema: "max" must be a number from 5 to'],
    ['{"type":"string","options":[]}', 'schema: "options" must be a list of texts'],
    ['{"type":"timestamp","start":"soon"}', 'schema: "start" must be a time such as'],
    [`${'{"type":"array","items":'.repeat(20)}{"type":"uuid"}${'}'.repeat(20)}`, 'nested deeper'],
  ])('refuses %s', (text, message) => {
    expect(() => parseGenerator(text)).toThrow(message);
  });
});
