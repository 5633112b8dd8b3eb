import { type Converter, DataError } from '@sluice/connector-api';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createConverter } from '../src/index.ts';

async function write(converter: Converter, value: unknown): Promise<Uint8Array | null | undefined> {
  const { bytes, failures } = await converter.toBytes({ topic: 't', values: [value] });
  if (failures[0]) throw failures[0].error;
  return bytes[0];
}

async function read(converter: Converter, bytes: Uint8Array | null): Promise<unknown> {
  const { values, failures } = await converter.fromBytes({ topic: 't', bytes: [bytes] });
  if (failures[0]) throw failures[0].error;
  return values[0];
}

const long = fc
  .bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
  .map((value) => (Number.isSafeInteger(Number(value)) ? Number(value) : value));

describe.each<[string, string, number, fc.Arbitrary<unknown>]>([
  ['Short', 'int16', 2, fc.integer({ min: -32_768, max: 32_767 })],
  ['Integer', 'int32', 4, fc.integer()],
  ['Long', 'int64', 8, long],
  ['Float', 'float32', 4, fc.float()],
  ['Double', 'float64', 8, fc.double()],
  ['Boolean', 'boolean', 1, fc.boolean()],
])('%sConverter', (name, type, size, anyValue) => {
  const converter = createConverter(`org.apache.kafka.connect.converters.${name}Converter`);

  test('keeps any value', async () => {
    await fc.assert(
      fc.asyncProperty(anyValue, async (value) => {
        const bytes = await write(converter, value);
        expect(bytes).toHaveLength(size);
        expect(await read(converter, bytes ?? null)).toEqual(value);
      }),
    );
  });

  test('gives null for null, with the optional schema of its type', async () => {
    expect(await write(converter, null)).toBeNull();
    expect(await converter.fromBytes({ topic: 't', bytes: [null] })).toEqual({
      values: [null],
      schemas: [{ type, optional: true }],
      failures: [],
    });
  });

  test('refuses other values and other sizes', async () => {
    await expect(write(converter, 'text')).rejects.toThrow(DataError);
    await expect(write(converter, {})).rejects.toThrow(DataError);
    await fc.assert(
      fc.asyncProperty(fc.uint8Array(), async (bytes) => {
        fc.pre(bytes.length !== size);
        await expect(read(converter, bytes)).rejects.toThrow(`is not ${String(size)}`);
      }),
      { numRuns: 20 },
    );
  });
});

describe('what does not fit', () => {
  test.each<[string, unknown, string]>([
    ['Short', 32_768, 'Failed to serialize to short (was number)'],
    ['Integer', 1.5, 'Failed to serialize to integer (was fractional number)'],
    ['Long', 2n ** 63n, 'Failed to serialize to long (was bigint)'],
    ['Boolean', 1, 'BooleanConverter is not compatible with objects of type number'],
  ])('%sConverter refuses %s', async (name, value, message) => {
    await expect(write(createConverter(`${name}Converter`), value)).rejects.toThrow(message);
  });

  test('BooleanConverter refuses other schemas and other bytes', async () => {
    const converter = createConverter('Boolean');
    const { failures } = await converter.toBytes({
      topic: 't',
      values: [true],
      schemas: [{ type: 'string' }],
    });
    expect(failures[0]?.error.message).toBe('Invalid schema type for BooleanConverter: STRING');
    await expect(read(converter, Buffer.from([2]))).rejects.toThrow(
      'Failed to deserialize boolean: Unexpected byte received by BooleanDeserializer: 2',
    );
  });
});
