/** How batches are converted: what is asked how often, and whose fault a failure is. */
import { ConnectError, DataError, schemas, structSchema } from '@sluice/connector-api';
import { describe, expect, test } from 'vitest';
import { avroFormat } from '../src/avro/avro-format.ts';
import { SchemaRegistryError, SchemaRegistryUnavailableError } from '../src/index.ts';
import { RegistryClient } from '../src/registry/registry-client.ts';
import { RegistryConverter } from '../src/registry-converter.ts';
import { underTest, withId, write } from './converters-under-test.ts';
import { avroOptions } from './options.ts';
import { PlayedRegistry } from './played-registry.ts';

const format = avroFormat(avroOptions);
const order = structSchema({ id: schemas.int64 }, { name: 'com.acme.Order' });
const other = structSchema({ id: schemas.int32 }, { name: 'com.acme.Other' });

describe('a batch', () => {
  test('asks for each schema once, and a second one for nothing, without a promise', async () => {
    const { converter, registry } = underTest(format);
    const batch = {
      topic: 'orders',
      values: Array.from({ length: 100 }, (_one, id) => ({ id })),
      // The same schema, made anew for each record.
      schemas: Array.from({ length: 100 }, () => ({ ...order })),
    };
    const { bytes } = await converter.toBytes(batch);
    expect(registry.requests).toEqual(['POST /subjects/orders-value/versions']);
    expect(converter.toBytes(batch)).not.toBeInstanceOf(Promise);

    const { values } = await converter.fromBytes({ topic: 'orders', bytes });
    expect(values).toEqual(batch.values);
    expect(registry.requests.slice(1)).toEqual([
      'GET /schemas/ids/1',
      'POST /subjects/orders-value?deleted=true',
    ]);
    expect(converter.fromBytes({ topic: 'orders', bytes })).not.toBeInstanceOf(Promise);
  });

  test('two at a time share their requests', async () => {
    const { converter, registry } = underTest(format);
    const batch = { topic: 'orders', values: [{ id: 1 }], schemas: [order] };
    await Promise.all([converter.toBytes(batch), converter.toBytes(batch)]);
    expect(registry.requests).toHaveLength(1);
  });

  test('tombstones need no registry', () => {
    const { converter, registry } = underTest(format);
    expect(converter.toBytes({ topic: 'orders', values: [null, null] })).toEqual({
      bytes: [null, null],
      failures: [],
    });
    expect(converter.fromBytes({ topic: 'orders', bytes: [null] })).toEqual({
      values: [null],
      failures: [],
    });
    expect(registry.requests).toEqual([]);
  });

  test('records that fit are converted beside those that do not', async () => {
    const { converter } = underTest(format);
    const { bytes, failures } = await converter.toBytes({
      topic: 'orders',
      values: [{ id: 1 }, { id: 'x' }, { id: 2 }],
      schemas: [order, order, order],
    });
    expect(bytes.map((one) => one !== null)).toEqual([true, false, true]);
    expect(failures.map(({ index }) => index)).toEqual([1]);
    expect(failures[0]?.error).toBeInstanceOf(DataError);
    expect(failures[0]?.error.message).toBe(
      'Failed to serialize Avro data from topic orders: Invalid type for INT64: string (field id)',
    );
  });

  test('a schema that the registry refuses fails its records only', async () => {
    const { converter, registry } = underTest(format);
    registry.refuse = (_subject, schema) =>
      schema.includes('Other') ? 'a field is missing' : undefined;
    const { failures } = await converter.toBytes({
      topic: 'orders',
      values: [{ id: 1 }, { id: 1 }, { id: 2 }],
      schemas: [other, order, other],
    });
    expect(failures.map(({ index }) => index)).toEqual([0, 2]);
    expect(failures[0]?.error.message).toMatch(/subject "orders-value".*a field is missing.*409/);
    expect(failures[0]?.error.cause).toBeInstanceOf(SchemaRegistryError);
  });

  test('bytes of all kinds: each has its own fate', async () => {
    const { converter, client } = underTest(format);
    const good = (await write(converter, order, { id: 5 })) ?? Buffer.alloc(0);
    const json = await client.register('x', {
      schemaType: 'JSON',
      schema: '{"type":"string"}',
      references: [],
    });
    const { values, failures } = await converter.fromBytes({
      topic: 'orders',
      bytes: [
        good,
        Buffer.from('{"plain":"json"}'),
        withId(99, Buffer.alloc(1)),
        withId(json, Buffer.from('""')),
        null,
        good,
      ],
    });
    expect(values).toEqual([{ id: 5 }, null, null, null, null, { id: 5 }]);
    expect(failures.map(({ index, error }) => [index, error.message])).toEqual([
      [1, expect.stringContaining('Unknown magic byte!')],
      [2, expect.stringContaining('Schema 99 not found; error code: 40403')],
      [3, expect.stringContaining('is of type JSON')],
    ]);
  });
});

describe('a registry that is away', () => {
  const failing = (error: Error): RegistryConverter =>
    new RegistryConverter({
      format,
      client: new RegistryClient({
        send: () => {
          throw error;
        },
        cachedSchemasMax: 10,
        latestTtlMs: -1,
        normalizes: false,
      }),
      isKey: false,
      strategy: 'TopicNameStrategy',
      ids: 'register',
      isLatestStrict: true,
      cachedSchemasMax: 10,
    });

  test.each([
    ['does not answer', new SchemaRegistryUnavailableError('away')],
    ['does not let us in', new SchemaRegistryError('no', { status: 401, errorCode: 401 })],
  ])('that %s rejects the batch: it says nothing about the records', async (_title, error) => {
    const converter = failing(error);
    await expect(
      converter.toBytes({ topic: 't', values: [{ id: 1 }], schemas: [order] }),
    ).rejects.toThrow(error.message);
    await expect(
      converter.fromBytes({ topic: 't', bytes: [withId(1, Buffer.alloc(1))] }),
    ).rejects.toThrow(error.message);
    expect(error).toBeInstanceOf(ConnectError);
  });
});

describe('subjects', () => {
  test.each([
    ['TopicNameStrategy', false, 'orders-value'],
    ['TopicNameStrategy', true, 'orders-key'],
    ['RecordNameStrategy', false, 'com.acme.Order'],
    ['TopicRecordNameStrategy', true, 'orders-com.acme.Order'],
  ] as const)('%s, key: %s', async (strategy, isKey, subject) => {
    const { converter, registry } = underTest(format, { strategy, isKey });
    await write(converter, order, { id: 1 });
    expect(registry.requests).toEqual([`POST /subjects/${subject}/versions`]);
  });

  test('what is no record has no name for the others', async () => {
    const { converter } = underTest(format, { strategy: 'RecordNameStrategy' });
    await expect(write(converter, schemas.string, 'x')).rejects.toThrow(
      'In configuration value.subject.name.strategy = RecordNameStrategy, the message value must only be a record schema',
    );
  });
});

test('the latest version is asked for again after its time', async () => {
  let now = 0;
  const registry = new PlayedRegistry();
  const client = new RegistryClient({
    send: async ({ method, path, body }) =>
      await Promise.resolve(registry.answer(method, path, body as never).body),
    cachedSchemasMax: 10,
    latestTtlMs: 1_000,
    normalizes: false,
    clock: { monotonicMs: () => now } as never,
  });
  await client.register('s', { schemaType: 'AVRO', schema: '"int"', references: [] });
  expect((await client.latest('s')).version).toBe(1);
  await client.register('s', { schemaType: 'AVRO', schema: '"long"', references: [] });
  expect((await client.latest('s')).version).toBe(1);
  now = 1_000;
  expect((await client.latest('s')).version).toBe(2);
});
