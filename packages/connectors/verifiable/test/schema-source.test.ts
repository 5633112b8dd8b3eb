import { validateValue } from '@sluice/connector-api';
import { describe, expect, test } from 'vitest';
import { schemaSource } from '../src/index.ts';
import { startSource, take } from './contexts.ts';

describe('SchemaSource', () => {
  test("writes Kafka's record, each task into its own partition", async () => {
    const task = await startSource(
      schemaSource,
      { topic: 't', 'num.messages': '3', 'partition.count': '2' },
      { task: 1, tasks: 2 },
    );
    const records = await take(task, 3);
    expect(records[2]).toMatchObject({
      topic: 't',
      partition: 1,
      key: 'key',
      value: { boolean: true, int: 12, long: 12, double: 12.2, partitioning: 0, id: 1, seqno: 2 },
      sourcePartition: { id: 1 },
      sourceOffset: { seqno: 2 },
    });
    expect(records).toHaveLength(3);
    await task.stop();
  });

  test('writes no more than num.messages, also after a restart', async () => {
    const abort = new AbortController();
    const task = await startSource(
      schemaSource,
      { topic: 't', 'num.messages': '10' },
      { offset: { seqno: 7 }, signal: abort.signal },
    );
    const records = await take(task, 2);
    expect(records.map((record) => record.sourceOffset)).toEqual([{ seqno: 8 }, { seqno: 9 }]);
    const after = task.poll();
    abort.abort();
    expect(await after).toBeNull();
    await task.stop();
  });

  test('alternates two versions of the schema', async () => {
    const task = await startSource(schemaSource, { topic: 't', 'multiple.schema': 'true' });
    const [even, odd] = await take(task, 2);
    expect([even?.valueSchema?.version, odd?.valueSchema?.version]).toEqual([1, 2]);
    expect([even?.value, odd?.value]).toEqual([
      expect.not.objectContaining({ string: 'def' }),
      expect.objectContaining({ string: 'def' }),
    ]);
    await task.stop();
  });

  test('has a valid value of every type', async () => {
    const task = await startSource(schemaSource, { topic: 't', 'all.types': 'true' });
    const records = await take(task, 500);
    const [{ valueSchema } = {}] = records;
    const types = new Set(valueSchema?.fields?.map(({ schema }) => schema.type));
    expect([...types].sort()).toEqual(
      'array boolean bytes float32 float64 int16 int32 int64 int8 map string struct'.split(' '),
    );
    for (const { value } of records) {
      if (valueSchema) validateValue(valueSchema, value);
    }
    await task.stop();
  });
});
