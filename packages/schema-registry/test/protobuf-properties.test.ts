/**
 * Any value of any schema that Protobuf has survives; what it does not have is refused; and any bytes give a value or
 * a DataError.
 */
import { DataError, logicalTypeOf, type Schema } from '@sluice/connector-api';
import { anySchemaAndValue } from '@sluice/connector-api/arbitraries';
import * as fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { parseProto } from '../src/protobuf/parse-proto.ts';
import { protobufFormat } from '../src/protobuf/protobuf-format.ts';
import { read, underTest, withId, write } from './converters-under-test.ts';
import { namedSchemaAndValue } from './named-schemas.ts';
import { protobufOptions as defaults } from './options.ts';

// Hundreds of schemas each, also on a machine that is busy.
vi.setConfig({ testTimeout: 60_000 });

const protobufOptions = { ...defaults, isEnhanced: true, hasOptionalFields: true };

/** Within a struct, without arrays and maps in each other, without null where Protobuf has none, without defaults. */
function possible(schema: Schema): Schema {
  return {
    type: 'struct',
    name: 'com.acme.Root',
    fields: [{ field: 'root', schema: within(schema) }],
  };
}

function within(schema: Schema): Schema {
  const { default: _default, items, keys, values, fields, ...rest } = schema;
  if (schema.type === 'array')
    return { ...rest, optional: false, items: element(items ?? { type: 'string' }) };
  if (schema.type === 'map')
    return {
      ...rest,
      optional: false,
      keys: { type: keys?.type ?? 'string' },
      values: element(values ?? { type: 'string' }),
    };
  if (schema.type !== 'struct') return rest;
  return {
    ...rest,
    fields: (fields ?? []).map(({ field, schema: of }, index) => ({
      field: field === '__proto__' ? `field${String(index)}` : field,
      schema: within(of),
    })),
  };
}

/** Neither null, nor an array or a map. */
function element(schema: Schema): Schema {
  const own = within(schema);
  const isNested = schema.type === 'array' || schema.type === 'map';
  return isNested
    ? { type: 'struct', fields: [{ field: 'inner', schema: own }] }
    : { ...own, optional: false };
}

describe('any value of any schema', () => {
  test.each([
    ['optional fields', protobufOptions],
    ['wrappers', { ...protobufOptions, hasOptionalFields: false, hasWrappers: true }],
  ])('survives, with %s', async (_title, options) => {
    await fc.assert(
      fc.asyncProperty(namedSchemaAndValue(possible), async ({ schema, value }) => {
        const { converter } = underTest(protobufFormat(options));
        const again = await read(converter, await write(converter, schema, value));
        expect(again.value).toEqual(value);
        expect(again.schema?.name).toBe(schema.name);
      }),
      { numRuns: 300 },
    );
  });

  test('survives by the schema that was read, too', async () => {
    await fc.assert(
      fc.asyncProperty(namedSchemaAndValue(possible), async ({ schema, value }) => {
        const { converter } = underTest(protobufFormat(protobufOptions));
        const first = await read(converter, await write(converter, schema, value));
        const second = await read(converter, await write(converter, first.schema, first.value));
        expect(second.value).toEqual(value);
      }),
      { numRuns: 150 },
    );
  });

  test('survives or is refused, with the defaults of the converter', async () => {
    const options = { ...protobufOptions, isEnhanced: false, hasOptionalFields: false };
    await fc.assert(
      fc.asyncProperty(anySchemaAndValue, async ({ schema, value }) => {
        const { converter } = underTest(protobufFormat({ ...options, scrubsNames: true }));
        try {
          await read(converter, await write(converter, schema, value));
        } catch (error) {
          expect(error).toBeInstanceOf(DataError);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('that is no struct survives in a wrapper', async () => {
    const plain = anySchemaAndValue.filter(
      ({ schema, value }) =>
        !['struct', 'array', 'map'].includes(schema.type) &&
        logicalTypeOf(schema) === undefined &&
        value !== null,
    );
    await fc.assert(
      fc.asyncProperty(plain, async ({ schema, value }) => {
        const { converter } = underTest(protobufFormat(protobufOptions));
        const again = await read(converter, await write(converter, schema, value));
        expect(again.value).toEqual(value);
      }),
    );
  });
});

describe('any bytes', () => {
  test('give a value or a DataError', async () => {
    await fc.assert(
      fc.asyncProperty(
        namedSchemaAndValue(possible),
        fc.uint8Array({ maxLength: 60 }),
        async ({ schema, value }, noise) => {
          const { converter } = underTest(protobufFormat(protobufOptions));
          const bytes = await write(converter, schema, value);
          fc.pre(bytes !== null);
          const changed = Buffer.from(bytes);
          for (let index = 6; index < changed.length; index += 3)
            changed[index] = (changed[index] ?? 0) ^ 0xa5;
          const zero = Buffer.concat([Buffer.from([0]), noise]);
          for (const wrong of [
            noise,
            withId(1, noise),
            withId(1, zero),
            changed,
            bytes.subarray(0, -1),
          ]) {
            const { failures } = await converter.fromBytes({ topic: 'orders', bytes: [wrong] });
            for (const { error } of failures) expect(error).toBeInstanceOf(DataError);
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  test('as a schema give messages or a DataError', () => {
    const word = fc.constantFrom(
      'syntax',
      '=',
      '"proto3"',
      ';',
      'message',
      'A',
      '{',
      '}',
      'int32',
      'a',
      '1',
      'oneof',
      'map<',
      'string',
      ',',
      '>',
      'enum',
      'repeated',
      'optional',
      'import',
      '"x.proto"',
      'package',
      '[',
      ']',
      'option',
      '__proto__',
      'extend',
      '.',
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 30 }), (words) => {
        try {
          parseProto({ schema: words.join(' '), resolved: [] });
        } catch (error) {
          expect(error).toBeInstanceOf(DataError);
        }
      }),
      { numRuns: 500 },
    );
  });
});
