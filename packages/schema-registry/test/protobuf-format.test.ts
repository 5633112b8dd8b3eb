/** Protobuf schemas that others have made, and what becomes of them, as Confluent's ProtobufData has it. */
import { schemas, structSchema } from '@sluice/connector-api';
import { describe, expect, test } from 'vitest';
import type { ProtobufOptions } from '../src/protobuf/proto-options.ts';
import { protobufFormat } from '../src/protobuf/protobuf-format.ts';
import { read, registered, underTest, withId, write } from './converters-under-test.ts';
import { protobufOptions } from './options.ts';

async function readAs(
  proto: string,
  data: readonly number[],
  options: Partial<ProtobufOptions> = {},
) {
  const under = underTest(protobufFormat({ ...protobufOptions, ...options }));
  const id = await registered(under, 'PROTOBUF', proto);
  return { under, ...(await read(under.converter, withId(id, Buffer.from(data)))) };
}

const shop = `// a comment
syntax = "proto3";
package com.acme;

import "google/protobuf/wrappers.proto";

message Other { int32 x = 1; }

message Order {
  oneof payment {
    string card = 3;
    Other other = 4;
  }
  int64 id = 1;
  Color color = 2;
  map<string, int32> counts = 5;
  repeated sint32 numbers = 6;
  google.protobuf.StringValue note = 7;
  uint32 unsigned = 8;
  optional bool flag = 9;
  enum Color { RED = 0; GREEN = 1; }
  message Line { string text = 1; }
}
`;

describe('reading', () => {
  test('oneofs, enums, maps and repeated fields; what is absent is zero, or null where it is optional', async () => {
    const data = [
      2, 2, 0x08, 5, 0x10, 1, 0x1a, 1, 0x61, 0x2a, 5, 0x0a, 1, 0x6b, 0x10, 7, 0x32, 2, 1, 2, 0x30,
      3,
    ];
    const { value, schema } = await readAs(shop, data);
    expect(value).toEqual({
      payment_0: { card: 'a', other: null },
      id: 5,
      color: 'GREEN',
      counts: { k: 7 },
      numbers: [-1, 1, -2],
      note: null,
      unsigned: 0,
      flag: null,
    });
    expect(schema).toMatchObject({ name: 'Order', version: 1 });
    const named = Object.fromEntries(
      (schema?.fields ?? []).map((each) => [each.field, each.schema]),
    );
    expect(named['payment_0']).toMatchObject({
      name: 'io.confluent.connect.protobuf.Union.payment',
      optional: true,
    });
    expect(named['color']?.parameters).toMatchObject({
      'io.confluent.connect.protobuf.Enum': 'Color',
      'io.confluent.connect.protobuf.Enum.GREEN': '1',
      'io.confluent.connect.protobuf.Tag': '2',
    });
    expect(named['unsigned']).toMatchObject({
      type: 'int64',
      parameters: { 'io.confluent.connect.protobuf.Type': 'uint32' },
    });
    expect(named['note']?.type).toBe('struct');
  });

  test('the indexes say which message it is, also a nested one', async () => {
    expect((await readAs(shop, [0, 0x08, 3])).value).toEqual({ x: 3 });
    const line = await readAs(shop, [4, 2, 0, 0x0a, 1, 0x7a], { isEnhanced: true });
    expect(line.value).toEqual({ text: 'z' });
    expect(line.schema?.name).toBe('com.acme.Order.Line');
    await expect(readAs(shop, [2, 18])).rejects.toThrow('has no message at 9');
  });

  test('wrappers are plain values, with wrapper.for.nullables', async () => {
    const { value } = await readAs(shop, [2, 2, 0x3a, 3, 0x0a, 1, 0x68], { hasWrappers: true });
    expect(value).toMatchObject({ note: 'h' });
  });

  test('fields that the schema does not have are left out, groups too', async () => {
    const unknown = [0xa3, 6, 0x08, 1, 0xa4, 6, 0x9d, 6, 0, 0, 0, 0, 0x08, 9];
    expect(
      (await readAs('syntax = "proto3"; message M { int32 a = 1; }', [0, ...unknown])).value,
    ).toEqual({ a: 9 });
  });

  test('proto2: what is optional is null where it is absent', async () => {
    const proto = 'syntax = "proto2"; message M { required int32 a = 1; optional string b = 2; }';
    expect((await readAs(proto, [0, 0x08, 1])).value).toEqual({ a: 1, b: null });
  });

  test('imports come from the references of the registry', async () => {
    const under = underTest(protobufFormat(protobufOptions));
    await registered(
      under,
      'PROTOBUF',
      'syntax = "proto3"; package p; message Inner { int32 a = 1; }',
      { subject: 'inner' },
    );
    const id = await registered(
      under,
      'PROTOBUF',
      'syntax = "proto3"; import "inner.proto"; message Outer { p.Inner inner = 1; }',
      {
        references: [{ name: 'inner.proto', subject: 'inner', version: 1 }],
      },
    );
    const { value } = await read(under.converter, withId(id, Buffer.from([0, 0x0a, 2, 0x08, 4])));
    expect(value).toEqual({ inner: { a: 4 } });
  });

  test.each([
    [
      'an import that nobody has',
      'syntax = "proto3"; import "x.proto"; message M { int32 a = 1; }',
      'imports "x.proto"',
    ],
    [
      'a message that contains itself',
      'syntax = "proto3"; message M { M m = 1; }',
      'M contains itself',
    ],
    [
      'a name that would get lost',
      'syntax = "proto3"; message M { int32 __proto__ = 1; }',
      '__proto__',
    ],
    ['no schema at all', 'message {', 'Invalid Protobuf schema'],
  ])('%s is refused', async (_title, proto, message) => {
    await expect(readAs(proto, [0, 0x08, 1])).rejects.toThrow(message);
  });
});

describe('writing', () => {
  test('what was read is written again, oneofs and enums included', async () => {
    const data = [2, 2, 0x08, 5, 0x10, 1, 0x1a, 1, 0x61];
    const { under, schema, value } = await readAs(shop, data);
    const again = await read(under.converter, await write(under.converter, schema, value));
    // A wrapper that is null has no message.
    expect(again.value).toMatchObject({
      payment_0: { card: 'a', other: null },
      id: 5,
      color: 'GREEN',
    });
  });

  test('null and 0 are the same, unless with optional.for.nullables', async () => {
    const schema = structSchema({ a: schemas.optionalInt32 }, { name: 'M' });
    for (const [hasOptionalFields, found] of [
      [false, 0],
      [true, null],
    ] as const) {
      const { converter } = underTest(protobufFormat({ ...protobufOptions, hasOptionalFields }));
      expect((await read(converter, await write(converter, schema, { a: null }))).value).toEqual({
        a: found,
      });
    }
  });

  test('by the latest version, fields are found by name', async () => {
    const under = underTest(protobufFormat(protobufOptions), { ids: 'latest' });
    await registered(
      under,
      'PROTOBUF',
      'syntax = "proto3"; message M { string b = 7; int32 a = 9; }',
    );
    const schema = structSchema({ a: schemas.int32 }, { name: 'M' });
    expect((await write(under.converter, schema, { a: 1 }))?.subarray(5)).toEqual(
      Buffer.from([0, 0x48, 1]),
    );
    const other = structSchema({ c: schemas.int32 }, { name: 'M' });
    await expect(write(under.converter, other, { c: 1 })).rejects.toThrow(
      'Cannot find field with name c',
    );
  });

  test.each([
    ['an array at the top', { type: 'array', items: schemas.int32 } as const, [1], 'HoistField'],
    [
      'an array of arrays',
      structSchema(
        { a: { type: 'array', items: { type: 'array', items: schemas.int32 } } },
        { name: 'M' },
      ),
      { a: [[1]] },
      'no arrays of arrays',
    ],
    [
      'null in an array',
      structSchema({ a: { type: 'array', items: schemas.optionalInt32 } }, { name: 'M' }),
      { a: [null] },
      'no null in an array',
    ],
    [
      'an invalid name',
      structSchema({ 'a-b': schemas.int32 }, { name: 'M' }),
      { 'a-b': 1 },
      'scrub.invalid.names=true',
    ],
  ])('%s is refused', async (_title, schema, value, message) => {
    const { converter } = underTest(protobufFormat(protobufOptions));
    await expect(write(converter, schema, value)).rejects.toThrow(message);
  });
});
