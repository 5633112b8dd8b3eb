/**
 * Other people's encoders (fastavro, protoc: `goldens/make_goldens.py`) accept the schemas that we make and write the
 * same bytes for the same value. An old golden is never edited: it is what stands in topics and registries.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { avroFormat } from '../src/avro/avro-format.ts';
import { jsonSchemaFormat } from '../src/json-schema/json-schema-format.ts';
import { protobufFormat } from '../src/protobuf/protobuf-format.ts';
import type { SchemaFormat } from '../src/schema-format.ts';
import { read, registered, underTest, withId, write } from './converters-under-test.ts';
import { goldenSchema, goldenValue } from './golden-cases.ts';
import { avroOptions, jsonOptions, protobufOptions } from './options.ts';

function golden(name: string): Buffer {
  return readFileSync(new URL(`./goldens/${name}`, import.meta.url));
}

const optional = { ...protobufOptions, hasOptionalFields: true };

describe.each<[string, SchemaFormat, string, Buffer]>([
  ['AVRO', avroFormat(avroOptions), 'golden.avsc', golden('golden.avro')],
  [
    'PROTOBUF',
    protobufFormat(optional),
    'golden.proto',
    Buffer.concat([Buffer.from([0]), golden('golden.binpb')]),
  ],
])('%s', (type, format, file, bytes) => {
  test('the schema is registered as ever', () => {
    expect(format.writerOf(goldenSchema).text.schema).toBe(golden(file).toString());
  });

  test('the bytes are the same', async () => {
    const written = await write(underTest(format).converter, goldenSchema, goldenValue);
    expect(written?.subarray(5).toString('hex')).toBe(bytes.toString('hex'));
  });

  test('the bytes are read', async () => {
    const under = underTest(format);
    const id = await registered(under, type as 'AVRO' | 'PROTOBUF', golden(file).toString());
    expect((await read(under.converter, withId(id, bytes))).value).toEqual(goldenValue);
  });
});

test('the JSON Schema is registered as ever', () => {
  const { text } = jsonSchemaFormat(jsonOptions).writerOf(goldenSchema);
  expect(text.schema).toBe(golden('golden.jsonschema').toString());
});
