/** What holds for any record: nothing throws, nothing is changed in place, and what comes out fits its schema. */
import { Decimal, type SchemaField, type SourceRecord, validateValue } from '@sluice/connector-api';
import { anySchema, anyValueOf } from '@sluice/connector-api/arbitraries';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { transformationChain } from '../src/index.ts';
import { frozen } from './support/golden-data.ts';

const anyRecord: fc.Arbitrary<SourceRecord> = anySchema.chain((schema) =>
  anyValueOf(schema).map((value) => ({
    topic: 'a.b-1',
    timestampMs: 1_700_000_000_123,
    key: value,
    keySchema: schema,
    value,
    valueSchema: schema,
    headers: [{ name: 'id', value: 1 }],
  })),
);

function fieldOf({ valueSchema }: SourceRecord): SchemaField | undefined {
  // A name that its own syntax does not change.
  return valueSchema?.fields?.find(({ field }) => /^[^,:\s`\\]+$/.test(field));
}

const configs: readonly ((field: string) => Readonly<Record<string, string>>)[] = [
  (field) => ({ type: 'Cast$Value', spec: `${field}:string` }),
  (field) => ({ type: 'Cast$Key', spec: `${field}:int8` }),
  () => ({ type: 'Cast$Value', spec: 'float32' }),
  (field) => ({ type: 'ExtractField$Value', field }),
  (field) => ({ type: 'ExtractField$Key', field: `\`${field}\`.a`, 'field.syntax.version': 'V2' }),
  () => ({ type: 'Flatten$Value', delimiter: '_' }),
  (field) => ({ type: 'HeaderFrom$Value', fields: field, headers: 'h', operation: 'move' }),
  (field) => ({ type: 'HoistField$Value', field }),
  (field) => ({
    type: 'InsertField$Value',
    'topic.field': `${field}x`,
    'timestamp.field': 'ts!',
    'static.field': 's',
    'static.value': 'v',
  }),
  (field) => ({ type: 'MaskField$Value', fields: field }),
  (field) => ({ type: 'MaskField$Value', fields: field, replacement: '12' }),
  (field) => ({ type: 'ReplaceField$Value', exclude: field }),
  (field) => ({ type: 'ReplaceField$Value', renames: `${field}:renamed` }),
  () => ({ type: 'SetSchemaMetadata$Value', 'schema.name': 'n', 'schema.version': '2' }),
  (field) => ({ type: 'TimestampConverter$Value', field, 'target.type': 'unix' }),
  () => ({ type: 'TimestampConverter$Value', 'target.type': 'Timestamp' }),
  (field) => ({ type: 'ValueToKey', fields: field }),
  () => ({ type: 'Expression$Value', filter: 'value == null || topic != ""', 'set.extra': '1' }),
];

test('whatever the record, a transform gives one that fits its schema, or a failure', async () => {
  let changed = 0;
  await fc.assert(
    fc.asyncProperty(anyRecord, fc.constantFrom(...configs), async (record, configure) => {
      const config = configure(fieldOf(record)?.field ?? 'id');
      const chain = transformationChain({
        transforms: 't',
        ...Object.fromEntries(
          Object.entries(config).map(([key, value]) => [`transforms.t.${key}`, value]),
        ),
      });
      const { failures, records } = await chain.apply([frozen(record)]);
      expect(records.length).toBe(1);
      const [result] = records;
      expect(failures.length).toBe(result ? 0 : 1);
      for (const { error } of failures) expect(['DataError', 'ConnectError']).toContain(error.name);
      if (!result) return;
      changed += 1;
      // What is extracted from null is null whatever its schema says, and a cast leaves a logical name on the whole
      // value, both as in Kafka Connect.
      const isExtracted = config['type']?.startsWith('ExtractField') ?? false;
      if (result.keySchema && !(isExtracted && result.key === null))
        validateValue(result.keySchema, result.key, 'key');
      const isMeant = (isExtracted && result.value === null) || config['spec'] === 'float32';
      if (result.valueSchema && !isMeant) validateValue(result.valueSchema, result.value);
      for (const { schema, value } of result.headers ?? [])
        if (schema) validateValue(schema, value, 'header');
    }),
    { numRuns: 1_000 },
  );
  expect(changed).toBeGreaterThan(100);
}, 60_000);

test('whatever the data without a schema, a transform gives a record or a failure', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.anything({ withBigInt: true, withDate: true, withMap: true, withTypedArray: true }),
      fc.constantFrom(...configs),
      async (value, configure) => {
        const chain = transformationChain({
          transforms: 't',
          ...Object.fromEntries(
            Object.entries(configure('id')).map(([key, one]) => [`transforms.t.${key}`, one]),
          ),
        });
        const record = { topic: 't', timestampMs: 1, value, key: value };
        const { failures, records } = await chain.apply([record]);
        expect(failures.length + Number(records[0] !== null)).toBe(1);
        for (const { error } of failures)
          expect(['DataError', 'ConnectError'], error.stack).toContain(error.name);
      },
    ),
    { numRuns: 1_000 },
  );
}, 60_000);

test.each([
  ['1E+63', 0x8000_0000_0000_0000n],
  ['1E+99999999', 0n],
  ['-7E+2147483647', 0n],
  ['1E-99999999', 0n],
  ['-123456.789', -123_456n],
])('the decimal %s is cast at once', async (text, low) => {
  const chain = transformationChain({
    transforms: 't',
    'transforms.t.type': 'Cast$Value',
    'transforms.t.spec': 'int:int64,is:boolean',
  });
  const decimal = Decimal.fromString(text);
  const beganMs = performance.now();
  const { records } = await chain.apply([{ topic: 't', value: { int: decimal, is: decimal } }]);
  // Milliseconds; with all its digits written out, as far as memory goes, many seconds.
  expect(performance.now() - beganMs).toBeLessThan(5_000);
  const int = BigInt.asIntN(64, low);
  expect(records[0]?.value).toEqual({
    int: low === 0n || low === -123_456n ? Number(int) : int,
    is: low !== 0n,
  });
});
