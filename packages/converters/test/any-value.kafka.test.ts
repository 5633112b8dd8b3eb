/**
 * Any value of any schema, by our converters and by Kafka Connect's own: the same bytes, and Kafka Connect
 * reads in ours what was written. The goldens need no Java and have chosen cases; these are many.
 */
import { logicalTypeOf, type Schema } from '@sluice/connector-api';
import { anySchemaAndValue, type SchemaAndValue } from '@sluice/connector-api/arbitraries';
import { entriesOf } from '@sluice/connector-api/data-values';
import { hasJavaCompiler } from '@sluice/testkit';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Answer, askKafkaConnect, askSluice, dataOf, type Request } from './oracle/oracle.ts';
import { schemaToWire, valueToWire } from './oracle/wire-data.ts';

const valuesMax = 500;
const seed = Number(process.env['SLUICE_TEST_SEED'] ?? fc.sample(fc.integer(), 1)[0]);

const json = 'org.apache.kafka.connect.json.JsonConverter';
const string = 'org.apache.kafka.connect.storage.StringConverter';
const header = 'org.apache.kafka.connect.storage.SimpleHeaderConverter';

interface Setup {
  readonly converter: string;
  readonly config?: Readonly<Record<string, string>>;
  readonly header?: true;
  /** Which values it is asked about. Default: all. */
  readonly takes?: (data: SchemaAndValue) => boolean;
}

const setups: readonly Setup[] = [
  { converter: json },
  { converter: json, config: { 'decimal.format': 'NUMERIC' } },
  { converter: json, config: { 'replace.null.with.default': 'false' } },
  { converter: json, config: { 'schemas.enable': 'false' } },
  { converter: header, header: true, takes: ({ value }) => hasUsualDates(value) },
  // Java has no text for bytes but where they are in its memory.
  {
    converter: string,
    takes: ({ schema, value }) => !someSchema(schema, isBytes) && hasUsualDates(value),
  },
];

// What is compared with runs from its source; a JRE, which cannot compile it, is all that some machines have.
test.skipIf(!hasJavaCompiler())(
  `any value is written as Kafka Connect writes it (seed ${String(seed)})`,
  { timeout: 180_000 },
  async () => {
    // Kafka Connect cannot build a struct schema that has a default.
    const known = anySchemaAndValue.filter(
      ({ schema }) => !someSchema(schema, isStructWithDefault),
    );
    const data = fc.sample(known, { numRuns: valuesMax, seed });
    const writes = setups.flatMap((setup) =>
      data.filter(setup.takes ?? (() => true)).map((each) => writeRequest(setup, each)),
    );
    const theirs = await askKafkaConnect(writes);
    const ours = await Promise.all(writes.map(askSluice));
    for (const [index, request] of writes.entries())
      expectSameText(ours[index], theirs[index], JSON.stringify(request));

    const reads = writes.flatMap((request, index) => readRequests(request, ours[index]));
    const asTheyRead = await askKafkaConnect(reads);
    for (const [index, request] of reads.entries()) {
      const same = dataOf(await askSluice(request));
      expect(same, JSON.stringify(request)).toBeDefined();
      expect(dataOf(asTheyRead[index] as Answer), JSON.stringify(request)).toEqual(same);
    }
  },
);

function writeRequest({ converter, config = {}, ...more }: Setup, data: SchemaAndValue): Request {
  return {
    op: 'write',
    converter,
    config,
    ...(more.header ? { header: true } : {}),
    schema: schemaToWire(data.schema),
    value: valueToWire(data.schema, data.value),
  };
}

/** What we have written, where Kafka Connect reads what it writes: not what is no number, nor -0.0. */
function readRequests(request: Request, answer: Answer | undefined): Request[] {
  if (request.converter !== json || !answer || !('bytes' in answer)) return [];
  const { schema: _schema, value: _value, ...rest } = request;
  const text = Buffer.from(answer.bytes ?? '', 'base64').toString();
  // Without a schema, 5.0 is an integer to us, and the order of a map's entries nobody's.
  if (/"NaN"|Infinity"|-0\.0/.test(text) || request.config['schemas.enable']) return [];
  return [{ ...rest, op: 'read', bytes: answer.bytes }];
}

/**
 * Java before 19 does not always print the fewest digits (JDK-4511638); such numbers are compared as numbers.
 */
function expectSameText(
  ours: Answer | undefined,
  theirs: Answer | undefined,
  request: string,
): void {
  if (JSON.stringify(ours) === JSON.stringify(theirs)) return;
  expect(partsOf(ours), request).toEqual(partsOf(theirs));
}

function partsOf(answer: Answer | undefined): unknown {
  if (!answer || !('bytes' in answer) || answer.bytes === null) return answer;
  const text = Buffer.from(answer.bytes, 'base64').toString('utf8');
  return text
    .split(/(-?\d+\.\d+(?:E-?\d+)?)/)
    .map((part, index) => (index % 2 === 0 ? part : Math.fround(Number(part))));
}

function someSchema(schema: Schema, is: (schema: Schema) => boolean): boolean {
  const { items, keys, values, fields = [] } = schema;
  return (
    is(schema) ||
    [items, keys, values, ...fields.map((each) => each.schema)].some(
      (part) => part !== undefined && someSchema(part, is),
    )
  );
}

function isStructWithDefault({ type, default: fallback }: Schema): boolean {
  return type === 'struct' && fallback !== undefined;
}

function isBytes(schema: Schema): boolean {
  return schema.type === 'bytes' && logicalTypeOf(schema) === undefined;
}

/** Between 1970 and 9999: before 1583 Java counts days in another calendar, before 1970 it loses them. */
function hasUsualDates(value: unknown): boolean {
  if (value instanceof Date) return value.getTime() >= 0 && value.getTime() < Date.UTC(10_000, 0);
  if (Array.isArray(value)) return value.every(hasUsualDates);
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return true;
  return Array.from(entriesOf(value)).every(([, one]) => hasUsualDates(one));
}
