/** Any value of any schema survives JSON Schema, with its schema; and any bytes give a value or a DataError. */
import {
  DataError,
  Decimal,
  decimalSchema,
  type Schema,
  schemaFingerprint,
} from '@sluice/connector-api';
import { anySchemaAndValue } from '@sluice/connector-api/arbitraries';
import * as fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { fromJsonSchema } from '../src/json-schema/from-json-schema.ts';
import { jsonSchemaFormat } from '../src/json-schema/json-schema-format.ts';
import { SchemaDocuments } from '../src/json-schema/schema-documents.ts';
import { read, underTest, withId, write } from './converters-under-test.ts';
import { jsonOptions } from './options.ts';

// Hundreds of schemas each, also on a machine that is busy.
vi.setConfig({ testTimeout: 60_000 });

/** What is read: the version is the registry's where the schema has none. */
function withVersion(schema: Schema): Schema {
  return schema.version === undefined ? { ...schema, version: 1 } : schema;
}

describe.each(['BASE64', 'NUMERIC'] as const)(
  'any value of any schema, decimals as %s',
  (decimalFormat) => {
    test('survives, and so does its schema', async () => {
      await fc.assert(
        fc.asyncProperty(anySchemaAndValue, async ({ schema, value }) => {
          // A number has the scale that it is written with.
          fc.pre(decimalFormat === 'BASE64' || !schemaFingerprint(schema).includes('Decimal'));
          const { converter } = underTest(jsonSchemaFormat({ ...jsonOptions, decimalFormat }));
          const again = await read(converter, await write(converter, schema, value));
          expect(again.value).toEqual(value);
          expect(again.schema && schemaFingerprint(again.schema)).toEqual(
            schemaFingerprint(withVersion(schema)),
          );
        }),
        { numRuns: 300 },
      );
    });

    test('is valid by its own JSON Schema', async () => {
      await fc.assert(
        fc.asyncProperty(anySchemaAndValue, async ({ schema, value }) => {
          // Written as strings, which no number is.
          fc.pre(
            !/NaN|Infinity/.test(text(value)) && !/NaN|Infinity/.test(schemaFingerprint(schema)),
          );
          const { converter } = underTest(
            jsonSchemaFormat({ ...jsonOptions, decimalFormat, validates: true }),
          );
          await expect(write(converter, schema, value)).resolves.toBeDefined();
        }),
        { numRuns: 25 },
      );
    });
  },
);

function text(value: unknown): string {
  return JSON.stringify(value, (_name, one: unknown) =>
    typeof one === 'bigint' || typeof one === 'number'
      ? String(one)
      : one instanceof Map
        ? [...one]
        : one,
  );
}

test('any decimal survives as a number, with its scale', async () => {
  const decimal = fc.tuple(
    fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }),
    fc.integer({ min: -9, max: 60 }),
  );
  await fc.assert(
    fc.asyncProperty(decimal, async ([unscaled, scale]) => {
      const { converter } = underTest(
        jsonSchemaFormat({ ...jsonOptions, decimalFormat: 'NUMERIC' }),
      );
      const value = new Decimal(unscaled, scale);
      const again = await read(converter, await write(converter, decimalSchema(scale), value));
      expect(again.value).toEqual(value);
    }),
  );
});

describe('any bytes', () => {
  test('give a value or a DataError', async () => {
    await fc.assert(
      fc.asyncProperty(
        anySchemaAndValue,
        fc.oneof(
          fc.uint8Array({ maxLength: 60 }),
          fc.json().map((json) => Buffer.from(json)),
        ),
        async ({ schema, value }, noise) => {
          const { converter } = underTest(jsonSchemaFormat(jsonOptions));
          await write(converter, schema, value);
          for (const wrong of [noise, withId(1, noise), withId(77, noise)]) {
            const { failures } = await converter.fromBytes({ topic: 'orders', bytes: [wrong] });
            for (const { error } of failures) expect(error).toBeInstanceOf(DataError);
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  test('as a schema give a Connect schema or a DataError', () => {
    const keyword = fc.constantFrom(
      'type',
      'properties',
      'items',
      'oneOf',
      'anyOf',
      'allOf',
      'enum',
      'const',
      'title',
      'connect.type',
      'connect.parameters',
      'default',
      'additionalProperties',
      'required',
      '$ref',
      '$id',
    );
    const word = fc.constantFrom(
      'object',
      'array',
      'string',
      'integer',
      'null',
      'map',
      '#',
      '#/items',
      'x',
    );
    const { schema } = fc.letrec((tie) => ({
      schema: fc.oneof(
        { maxDepth: 4 },
        word,
        fc.boolean(),
        fc.array(tie('schema'), { maxLength: 3 }),
        fc.dictionary(keyword, tie('schema'), { maxKeys: 4 }),
      ),
    }));
    fc.assert(
      fc.property(schema, (json) => {
        try {
          fromJsonSchema(
            new SchemaDocuments({ schema: JSON.stringify(json), resolved: [] }),
            jsonOptions,
          );
        } catch (error) {
          expect(error).toBeInstanceOf(DataError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
