/**
 * Any value of any schema survives Avro, with its schema; and any bytes give a value or a DataError. Goal: nothing is
 * lost or changed without a word. Method: random schemas and values, through the converter and back.
 */
import { DataError, type Schema, schemaFingerprint } from '@sluice/connector-api';
import { anySchemaAndValue } from '@sluice/connector-api/arbitraries';
import * as fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { avscType } from '../src/avro/avro-compatibility.ts';
import { avroFormat } from '../src/avro/avro-format.ts';
import { avroText } from '../src/avro/avro-text.ts';
import { parseAvro } from '../src/avro/parse-avro.ts';
import { toAvro } from '../src/avro/to-avro.ts';
import { read, underTest, withId, write } from './converters-under-test.ts';
import { namedSchemaAndValue } from './named-schemas.ts';
import { avroOptions } from './options.ts';

// Hundreds of schemas each, also on a machine that is busy.
vi.setConfig({ testTimeout: 60_000 });

/** What is read: the version is the registry's where the schema has none (and is no union), and null has no schema. */
function expectedSchema(schema: Schema, value: unknown): Schema | undefined {
  if (value === null) return undefined;
  return schema.version === undefined && !schema.optional ? { ...schema, version: 1 } : schema;
}

describe('any value of any schema', () => {
  test('survives, and so does its schema', async () => {
    await fc.assert(
      fc.asyncProperty(namedSchemaAndValue(), async ({ schema, value }) => {
        const { converter } = underTest(avroFormat(avroOptions));
        const bytes = await write(converter, schema, value);
        const again = await read(converter, bytes);
        expect(again.value).toEqual(value);
        const expected = expectedSchema(schema, value);
        expect(again.schema && schemaFingerprint(again.schema)).toEqual(
          expected && schemaFingerprint(expected),
        );
      }),
      { numRuns: 400 },
    );
  });

  test('is written as avsc reads it', async () => {
    await fc.assert(
      fc.asyncProperty(namedSchemaAndValue(), async ({ schema, value }) => {
        fc.pre(value !== null);
        const { converter } = underTest(avroFormat(avroOptions));
        const bytes = await write(converter, schema, value);
        const type = avscType({ schema: avroText(toAvro(schema, avroOptions)), references: [] });
        // It says so where bytes are missing or left over.
        expect(() => type.fromBuffer(bytes?.subarray(5) ?? Buffer.alloc(0))).not.toThrow();
      }),
      { numRuns: 200 },
    );
  });

  test('without a schema survives', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.anything({
          maxDepth: 3,
          key: fc.string(),
          values: [fc.string(), fc.boolean(), fc.double(), fc.maxSafeInteger(), fc.constant(null)],
        }),
        async (value) => {
          const { converter } = underTest(avroFormat(avroOptions));
          const again = await read(converter, await write(converter, undefined, value ?? null));
          expect(again).toEqual({ schema: undefined, value: value ?? null });
        },
      ),
    );
  });

  test('with any names survives, with names that are scrubbed', async () => {
    const options = { ...avroOptions, scrubsNames: true };
    await fc.assert(
      fc.asyncProperty(anySchemaAndValue, async ({ schema, value }) => {
        const { converter } = underTest(avroFormat(options));
        try {
          const bytes = await write(converter, schema, value);
          const again = await read(converter, bytes);
          expect(again.value === null).toBe(value === null);
        } catch (error) {
          // Two names may become one.
          expect(error).toBeInstanceOf(DataError);
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('any bytes', () => {
  test('give a value or a DataError', async () => {
    await fc.assert(
      fc.asyncProperty(
        namedSchemaAndValue(),
        fc.uint8Array({ maxLength: 60 }),
        async ({ schema, value }, noise) => {
          const { converter } = underTest(avroFormat(avroOptions));
          const bytes = await write(converter, schema, value);
          fc.pre(bytes !== null);
          for (const wrong of [
            noise,
            withId(1, noise),
            withId(77, noise),
            cutOff(bytes),
            changed(bytes),
          ]) {
            const { values, failures } = await converter.fromBytes({
              topic: 'orders',
              bytes: [wrong],
            });
            expect(values).toHaveLength(1);
            for (const { error } of failures) expect(error).toBeInstanceOf(DataError);
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  test('that claim more elements than they hold are refused at once', async () => {
    const { converter, client } = underTest(avroFormat(avroOptions));
    const schema = '{"type":"array","items":{"type":"record","name":"Empty","fields":[]}}';
    const id = await client.register('orders-value', {
      schemaType: 'AVRO',
      schema,
      references: [],
    });
    const claim = Buffer.from([0xfe, 0xff, 0xff, 0xff, 0xff, 0x1f, 0]);
    await expect(read(converter, withId(id, claim))).rejects.toThrow(
      'which the record cannot hold',
    );
  });

  test('of data without a schema that is nested without end are refused', async () => {
    const { converter } = underTest(avroFormat(avroOptions));
    const bytes = await write(converter, undefined, [1]);
    // Each level: seven fields that are not set, then an array of one element.
    const level = [0, 0, 0, 0, 0, 0, 0, 2, 2];
    const endless = Buffer.from(Array.from({ length: 100_000 }, () => level).flat());
    expect(bytes).not.toBeNull();
    await expect(read(converter, withId(1, endless))).rejects.toThrow('nested too deeply');
  });

  test('as a schema give a type or a DataError', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        try {
          parseAvro(text);
        } catch (error) {
          expect(error).toBeInstanceOf(DataError);
        }
      }),
    );
  });
});

function cutOff(bytes: Buffer): Buffer {
  return bytes.subarray(0, Math.max(0, bytes.length - 1));
}

function changed(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  for (let index = 5; index < copy.length; index += 3) copy[index] = (copy[index] ?? 0) ^ 0xa5;
  return copy;
}
