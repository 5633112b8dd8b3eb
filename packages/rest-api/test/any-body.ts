/** What any client may send: odd names, odd numbers, odd bodies, and such as an operation's schema nearly takes. */
import * as fc from 'fast-check';
import { z } from 'zod';

import type { Operation } from '../src/openapi-operations.ts';

/** What the cluster under test has, so that what is behind the first check is reached too. */
export const presentNames = ['orders', 'stopped', '0', 'FileStreamSource', 'root', 'worker-1'];

export const oddText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.constantFrom('none', '', ' ', '..', '%', '%00', '__proto__', 'constructor'),
  fc.constantFrom('toString', 'a/b', '注文', '\ud800', 'x'.repeat(20_000)),
  fc.constantFrom(...presentNames),
);
export const nameInUrl = fc.oneof(
  { weight: 1, arbitrary: oddText },
  { weight: 2, arbitrary: fc.constantFrom(...presentNames.slice(0, 2)) },
  { weight: 1, arbitrary: fc.constantFrom(...presentNames) },
);
const oddNumber = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.constantFrom(0, -1, 2 ** 53, 1e308, 2 ** 31),
);
const anyJson = fc.oneof(
  fc.jsonValue({ maxDepth: 5 }),
  oddText,
  oddNumber,
  fc.dictionary(oddText, fc.oneof(oddText, oddNumber, fc.boolean(), fc.constant(null))),
);
/** What schemas say nothing about, since they take it in two shapes. */
const definition = fc.record(
  {
    name: fc.oneof(oddText, anyJson),
    config: fc.oneof(fc.dictionary(oddText, oddText), anyJson),
    'connector.class': fc.oneof(fc.constant('FileStreamSource'), oddText),
    initial_state: fc.oneof(fc.constantFrom('running', 'STOPPED'), anyJson),
  },
  { requiredKeys: [] },
);
const config = fc.dictionary(
  fc.oneof(oddText, fc.constantFrom('connector.class', 'name', 'topic', 'tasks.max')),
  fc.oneof(oddText, oddNumber, fc.boolean(), fc.constant(null)),
);
const offset = fc.record(
  {
    partition: fc.oneof(
      fc.record({ kafka_topic: anyJson, kafka_partition: anyJson }, { requiredKeys: [] }),
      anyJson,
    ),
    offset: fc.oneof(fc.record({ kafka_offset: anyJson }), anyJson),
  },
  { requiredKeys: [] },
);
const deep = fc
  .tuple(fc.integer({ min: 1, max: 200_000 }), fc.constantFrom(['[', ']'], ['{"a":', '}']))
  .map(([depth, [open, close]]) => `${open?.repeat(depth)}1${close?.repeat(depth)}`);

/** The text of a body, or none. */
export function bodyFor({ body }: Operation): fc.Arbitrary<string | undefined> {
  const asDescribed = body ? nearly(jsonSchemaOf(body)) : definition;
  return fc.option(
    fc.oneof(
      { weight: 6, arbitrary: fc.oneof(asDescribed, definition, config).map(text) },
      { weight: 2, arbitrary: anyJson.map(text) },
      { weight: 1, arbitrary: oddText },
      { weight: 1, arbitrary: deep },
    ),
    { nil: undefined },
  );
}

/** Names and values, of the operation's own parameters and of one that it has not. */
export function queryFor({ query }: Operation): fc.Arbitrary<[name: string, value: string][]> {
  const names = Object.keys(query ? (jsonSchemaOf(query).properties ?? {}) : {});
  return fc.array(
    fc.tuple(
      fc.constantFrom(...names, 'x'),
      fc.oneof(oddText, fc.constantFrom('true', 'False', 'status', 'cluster', '1', '1-0', '[1,2)')),
    ),
    { maxLength: names.length + 1 },
  );
}

interface JsonSchema {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly anyOf?: readonly JsonSchema[];
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
}

function jsonSchemaOf(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
}

/** Right, but for what is missing or of another kind here and there. */
function nearly(schema: JsonSchema): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 5, arbitrary: right(schema) }, { weight: 1, arbitrary: anyJson });
}

function right({
  anyOf,
  enum: values,
  items,
  properties,
  type,
}: JsonSchema): fc.Arbitrary<unknown> {
  if (values) return fc.constantFrom(...values);
  if (anyOf) return fc.oneof(...anyOf.map(nearly));
  if (properties && 'partition' in properties) return offset;
  if (properties) {
    const fields = Object.entries(properties).map(([name, each]) => [name, nearly(each)]);
    return fc.record(Object.fromEntries(fields) as Record<string, fc.Arbitrary<unknown>>, {
      requiredKeys: [],
    });
  }
  switch (type) {
    case 'object':
      return config;
    case 'array':
      return fc.array(items ? nearly(items) : anyJson, { maxLength: 3 });
    case 'string':
      return oddText;
    case 'number':
    case 'integer':
      return oddNumber;
    case 'boolean':
      return fc.boolean();
    default:
      return definition;
  }
}

function text(value: unknown): string {
  return JSON.stringify(value);
}
