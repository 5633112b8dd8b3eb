/**
 * What the real Kafka Connect 4.3 does with the same records: golden/kafka-connect.json, which
 * scripts/kafka-connect-oracle/transform-goldens.ts makes. Where we differ on purpose, `differences` says why.
 */
import { readFileSync } from 'node:fs';
import {
  type Predicate,
  type Transform,
  type TransformableRecord,
  validateConnectorConfig,
} from '@sluice/connector-api';
import { describe, expect, test } from 'vitest';
import {
  builtInTransformations,
  findPlugin,
  transformationKeys,
  transformationProblems,
} from '../src/index.ts';
import { comparable, frozen, readRecord, useSchemaTable } from './support/golden-data.ts';

type JsonObject = Parameters<typeof readRecord>[0];

interface GoldenCase {
  readonly class: string;
  readonly config: Readonly<Record<string, string>>;
  readonly records: readonly JsonObject[];
  readonly configError?: string;
  readonly outcomes?: readonly (JsonObject | boolean | null)[];
}

interface GoldenKey {
  readonly type: string;
  readonly importance: string;
  readonly required: boolean;
  readonly default: string | null;
}

interface GoldenValidation {
  readonly config: Readonly<Record<string, string>>;
  /** By key. */
  readonly errors: Readonly<Record<string, readonly string[]>>;
  readonly keys: readonly (Partial<GoldenKey> & {
    readonly name: string;
    readonly group: string;
    readonly displayName: string;
    readonly width: string;
  })[];
}

const golden = JSON.parse(
  readFileSync(new URL('golden/kafka-connect.json', import.meta.url), 'utf8'),
) as {
  readonly cases: readonly GoldenCase[];
  readonly validations: readonly GoldenValidation[];
  readonly configKeys: Readonly<Record<string, Readonly<Record<string, GoldenKey>>>>;
  readonly schemas: Parameters<typeof useSchemaTable>[0];
};
useSchemaTable(golden.schemas);

type Golden = JsonObject | boolean | null;

interface Difference {
  readonly why: string;
  readonly isMeant: (one: GoldenCase, record: JsonObject, outcome: Golden) => boolean;
  /** What ours does instead. */
  readonly ours: 'fails' | 'answers';
}

const differences: readonly Difference[] = [
  {
    why: 'digits of other alphabets are no digits',
    isMeant: ({ config }, record) =>
      record['value'] === '\u0661' && (config['spec'] ?? '').startsWith('int'),
    ours: 'fails',
  },
  {
    why: 'a decimal without a schema can be cast',
    isMeant: ({ class: name }, record) =>
      name.includes('Cast') && JSON.stringify(record['value']) === '{"$decimal":"7.9"}',
    ours: 'answers',
  },
  {
    why: 'a schema with a struct as its default can be cast',
    isMeant: ({ class: name }, _, outcome) =>
      name.includes('Cast') &&
      JSON.stringify(outcome).includes('does not support casting from STRUCT'),
    ours: 'answers',
  },
  {
    why: 'schemas other than structs have names and versions, too',
    isMeant: ({ class: name }, _, outcome) =>
      name.includes('SetSchemaMetadata') &&
      JSON.stringify(outcome).includes('Cannot list fields on non-struct type'),
    ours: 'answers',
  },
  {
    why: 'a masked decimal keeps the scale of its schema, without which it could not be written',
    isMeant: ({ class: name, config }) =>
      name.includes('MaskField') && config['fields'] === 'price',
    ours: 'answers',
  },
  {
    why: 'a Date does not reach so far',
    isMeant: ({ class: name, config }, record) =>
      name.includes('TimestampConverter') &&
      !/micro|nano/.test(config['unix.precision'] ?? '') &&
      JSON.stringify(record['value']) === '{"$long":"9223372036854775"}',
    ours: 'fails',
  },
  {
    why: 'a point in time before 1970 keeps its day',
    isMeant: ({ class: name, config }, record) =>
      name.includes('Cast') &&
      config['spec'] === 'string' &&
      JSON.stringify(record['value']) === '{"$date":-5}',
    ours: 'answers',
  },
  {
    why: 'in the week in which the calendar changed, weeks are counted as if it had not',
    isMeant: ({ config }, record) =>
      config['timestamp.format'] === 'YYYY-ww-W-F-u' &&
      record['timestampMs'] === -12_219_292_800_000,
    ours: 'answers',
  },
];

/** What Kafka Connect finds out with the first record, we say when the connector is configured. */
function isRefusedEarlier({ class: name, config }: GoldenCase): boolean {
  return (
    name.includes('RegexRouter') &&
    /^(?:\$|\\|\$9|\$\{nope\}|\$x)$/.test(config['replacement'] ?? '')
  );
}

const plugins = [...builtInTransformations.transforms, ...builtInTransformations.predicates];

describe('Kafka Connect does the same', () => {
  for (const [index, one] of golden.cases.entries()) {
    const name = one.class.replace('org.apache.kafka.connect.transforms.', '');
    test(`case ${String(index)}: ${name} ${JSON.stringify(one.config)}`, async () => {
      const plugin = findPlugin(plugins, one.class);
      if (!plugin) throw new Error(`${one.class} is not there`);
      if (one.configError !== undefined || isRefusedEarlier(one)) {
        expect(() => plugin.create(one.config), one.configError).toThrow();
        return;
      }
      // A transform that changed what it was given would throw.
      const records = one.records.map((each) => frozen(readRecord(each)));
      const outcomes =
        plugin.type === 'predicate'
          ? await tested(plugin.create(one.config), records)
          : await transformed(plugin.create(one.config), records);
      for (const [at, outcome] of (one.outcomes ?? []).entries()) {
        const record = one.records[at] ?? {};
        const what = `record ${String(at)}: ${JSON.stringify(record)}`;
        const difference = differences.find(({ isMeant }) => isMeant(one, record, outcome));
        if (!difference) expect(outcomes[at], what).toEqual(expected(outcome));
        else if (difference.ours === 'fails') expect(outcomes[at], what).toBe('failed');
        else expect(outcomes[at], what).not.toBe('failed');
      }
    });
  }
});

async function tested(
  predicate: Predicate,
  records: readonly TransformableRecord[],
): Promise<unknown[]> {
  const { matches } = await predicate.test(records);
  return [...matches];
}

async function transformed(
  transform: Transform,
  records: readonly TransformableRecord[],
): Promise<unknown[]> {
  const result = await transform.apply(records);
  const outcomes = result.records.map(comparable);
  for (const { index } of result.failures) outcomes[index] = 'failed';
  return outcomes;
}

function expected(outcome: JsonObject | boolean | null): unknown {
  if (outcome === null || typeof outcome === 'boolean') return outcome;
  return 'error' in outcome ? 'failed' : comparable(readRecord(outcome));
}

test('every transform and predicate has the keys that Kafka Connect lists', () => {
  for (const [className, keys] of Object.entries(golden.configKeys)) {
    const plugin = findPlugin(plugins, className);
    const own = Object.fromEntries(
      (plugin?.configDef.keys ?? []).map((key) => [
        key.name,
        {
          type: key.type,
          importance: key.importance,
          required: key.required,
          default: key.defaultValue,
        },
      ]),
    );
    expect(own, className).toEqual(keys);
  }
});

describe('a definition is validated as by Kafka Connect', () => {
  for (const { config, errors, keys } of golden.validations) {
    test(JSON.stringify(config), () => {
      const problems = [
        ...validateConnectorConfig('source', [], { name: 'n', 'connector.class': 'c', ...config }),
        ...transformationProblems(config),
      ];
      for (const [key, messages] of Object.entries(errors))
        for (const message of messages) expect(problems).toContainEqual({ key, message });

      const own = new Map(transformationKeys(config).map((key) => [key.name, key]));
      for (const { displayName, group, importance, name, required, type, width } of keys) {
        if (name === 'transforms' || name === 'predicates') continue;
        const key = own.get(name);
        // A class that is not found has no keys but its type.
        if (!key && errors[name.replace(/[^.]+$/, 'type')]) continue;
        expect(
          {
            ...key,
            width: key?.width ?? 'NONE',
          },
          name,
        ).toMatchObject({ displayName, group, importance, required, type, width });
      }
    });
  }
});
