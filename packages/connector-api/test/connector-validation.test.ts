import { describe, expect, test } from 'vitest';
import {
  SINK_CONNECTOR_KEYS,
  SOURCE_CONNECTOR_KEYS,
  validateConfig,
  validateConnectorConfig,
} from '../src/index.ts';

const errorKeys = [
  'errors.retry.timeout',
  'errors.retry.delay.max.ms',
  'errors.tolerance',
  'errors.log.enable',
  'errors.log.include.messages',
];
const common = [
  'name',
  'connector.class',
  'connector.plugin.version',
  'tasks.max',
  'tasks.max.enforce',
  'key.converter',
  'key.converter.plugin.version',
  'value.converter',
  'value.converter.plugin.version',
  'header.converter',
  'header.converter.plugin.version',
  'transforms',
  'predicates',
  'config.action.reload',
  ...errorKeys,
];

describe('the keys that every connector has', () => {
  test("a source has exactly Kafka Connect's", () => {
    expect(SOURCE_CONNECTOR_KEYS.map((key) => key.name)).toEqual([
      ...common,
      'topic.creation.groups',
      'exactly.once.support',
      'transaction.boundary',
      'transaction.boundary.interval.ms',
      'offsets.storage.topic',
    ]);
  });

  test("a sink has exactly Kafka Connect's", () => {
    expect(SINK_CONNECTOR_KEYS.map((key) => key.name)).toEqual([
      ...common,
      'topics',
      'topics.regex',
      'errors.deadletterqueue.topic.name',
      'errors.deadletterqueue.topic.replication.factor',
      'errors.deadletterqueue.context.headers.enable',
    ]);
  });

  test('only the name and the class are required', () => {
    const required = [...SOURCE_CONNECTOR_KEYS, ...SINK_CONNECTOR_KEYS].filter(
      (key) => key.required,
    );
    expect(new Set(required.map((key) => key.name))).toEqual(new Set(['name', 'connector.class']));
  });

  test('every default is valid by its own rules', () => {
    const keys = [...SOURCE_CONNECTOR_KEYS, ...SINK_CONNECTOR_KEYS];
    const defaults = keys.flatMap((key) =>
      key.defaultValue === null ? [] : [[key.name, key.defaultValue]],
    );
    const required = { name: 'n', 'connector.class': 'c' };
    expect(validateConfig(keys, { ...Object.fromEntries(defaults), ...required })).toEqual([]);
  });
});

const source = { name: 'orders', 'connector.class': 'FileStreamSource' };
const sink = { name: 'orders', 'connector.class': 'FileStreamSink' };

describe('a whole definition', () => {
  test('is valid with a name, a class and what the plugin requires', () => {
    const plugin = [{ name: 'topic', type: 'STRING', required: true }] as const;
    expect(validateConnectorConfig('source', plugin, { ...source, topic: 't' })).toEqual([]);
    expect(validateConnectorConfig('source', plugin, source)).toEqual([
      {
        key: 'topic',
        message: 'Missing required configuration "topic" which has no default value.',
      },
    ]);
  });

  test.each([
    ['zero', 'Invalid value zero for configuration tasks.max: Not a number of type INT'],
    ['0', 'Invalid value 0 for configuration tasks.max: Value must be at least 1'],
  ])('refuses tasks.max %s', (tasksMax, message) => {
    expect(validateConnectorConfig('source', [], { ...source, 'tasks.max': tasksMax })).toEqual([
      { key: 'tasks.max', message },
    ]);
  });

  test('compares the options of exactly once without case', () => {
    const config = { ...source, 'exactly.once.support': 'Required' };
    expect(validateConnectorConfig('source', [], config)).toEqual([]);
    expect(
      validateConnectorConfig('source', [], { ...source, 'transaction.boundary': 'never' }),
    ).toEqual([
      {
        key: 'transaction.boundary',
        message:
          'Invalid value never for configuration transaction.boundary: String must be one of (case insensitive): INTERVAL, POLL, CONNECTOR',
      },
    ]);
  });

  test('refuses control characters in a name', () => {
    const [problem] = validateConnectorConfig('source', [], { ...source, name: 'a\u0007b' });
    expect(problem?.message).toContain('ASCII chars: 7');
  });

  test.each(['transforms', 'predicates', 'topic.creation.groups'])(
    'refuses a name twice in %s',
    (key) => {
      expect(validateConnectorConfig('source', [], { ...source, [key]: 'a, b, a' })).toEqual([
        {
          key,
          message: `Invalid value [a, b, a] for configuration ${key}: Duplicate alias provided.`,
        },
      ]);
    },
  );
});

function validateSink(config: Record<string, string>) {
  return validateConnectorConfig('sink', [], { ...sink, ...config });
}

function onBoth(message: string) {
  return [
    { key: 'topics', message },
    { key: 'topics.regex', message },
  ];
}

describe('the topics of a sink', () => {
  test('are a list or a pattern', () => {
    expect(validateSink({ topics: 'a,b' })).toEqual([]);
    expect(validateSink({ 'topics.regex': 'orders-.*' })).toEqual([]);
  });

  test('must be given one way', () => {
    const message = 'Must configure one of topics or topics.regex';
    expect(validateSink({})).toEqual(onBoth(message));
    expect(validateSink({ topics: ' ', 'topics.regex': '' })).toEqual(onBoth(message));
  });

  test('are named once each', () => {
    const told = (wrong: string) => [
      { key: 'topics', message: `Configuration 'topics' values must not be ${wrong}.` },
    ];
    expect(validateSink({ topics: 'a, b, a' })).toEqual(told('duplicated'));
    expect(validateSink({ topics: 'a,' })).toEqual(told('empty'));
  });

  test('must not be given both ways', () => {
    expect(validateSink({ topics: 'a', 'topics.regex': 'b' })).toEqual(
      onBoth('topics and topics.regex are mutually exclusive options, but both are set.'),
    );
  });

  test('must not include the dead letter queue', () => {
    const dlq = { 'errors.deadletterqueue.topic.name': 'dead' };
    expect(validateSink({ topics: 'a, dead', ...dlq })).toEqual([
      {
        key: 'topics',
        message:
          "The DLQ topic 'dead' may not be included in the list of topics ('topics=[a, dead]') consumed by the connector",
      },
    ]);
    expect(validateSink({ 'topics.regex': 'de.*', ...dlq })).toEqual([
      {
        key: 'topics.regex',
        message:
          "The DLQ topic 'dead' may not be matched by the regex for the topics ('topics.regex=de.*') consumed by the connector",
      },
    ]);
    expect(validateSink({ 'topics.regex': 'ea', ...dlq })).toEqual([]);
  });

  test("must be a pattern that is Java's", () => {
    expect(validateSink({ 'topics.regex': '(' })).toEqual([
      {
        key: 'topics.regex',
        message:
          'Invalid value ( for configuration topics.regex: Invalid regex: Unclosed group (at character 1)',
      },
    ]);
    const dlq = { 'errors.deadletterqueue.topic.name': 'dead.b' };
    expect(validateSink({ 'topics.regex': '\\Qdead.\\E[a-z&&[^b]]', ...dlq })).toEqual([]);
    expect(validateSink({ 'topics.regex': '\\p{Alpha}+.b', ...dlq })).toHaveLength(1);
  });

  test('must be a pattern of which the time to match has a bound', () => {
    const [problem] = validateSink({ 'topics.regex': '(a+)\\1b' });
    expect(problem?.message).toContain('a back reference is not supported here');
    const beganMs = performance.now();
    const dlq = { 'errors.deadletterqueue.topic.name': 'a'.repeat(200) };
    expect(validateSink({ 'topics.regex': '(a+)+b', ...dlq })).toEqual([]);
    expect(validateSink({ 'topics.regex': '(a|aa)+$b', ...dlq })).toEqual([]);
    // Milliseconds; a matcher that tries all ways takes longer than anybody lives.
    expect(performance.now() - beganMs).toBeLessThan(10_000);
  });
});

test("Sluice's keys of error handling are checked, though not listed with Kafka Connect's", () => {
  const factor = 'errors.deadletterqueue.topic.replication.factor';
  const found = validateConnectorConfig('source', [], { ...source, [factor]: 'many' });
  expect(found.map(({ key }) => key)).toEqual([factor]);
  const put = 'errors.deadletterqueue.put.enable';
  const base = { ...sink, topics: 't' };
  const needs = (what: string) => ({
    key: put,
    message: `Invalid value true for configuration ${put}: It needs ${what}`,
  });
  const topic =
    'errors.deadletterqueue.topic.name, else what put refuses would be lost without a letter';
  expect(validateConnectorConfig('sink', [], { ...base, [put]: 'true' })).toEqual([
    needs('errors.tolerance=all'),
    needs(topic),
  ]);
  const tolerant = { ...base, 'errors.tolerance': 'all', [put]: 'true' };
  expect(validateConnectorConfig('sink', [], tolerant)).toEqual([needs(topic)]);
  const all = { ...tolerant, 'errors.deadletterqueue.topic.name': 'dead' };
  expect(validateConnectorConfig('sink', [], all)).toEqual([]);
  const max = 'errors.deadletterqueue.put.records.max';
  const none = validateConnectorConfig('sink', [], { ...all, [max]: '0' });
  expect(none.map(({ key }) => key)).toEqual([max]);
});

test('of values with references nothing is said before they are resolved', () => {
  const config = {
    name: 'a',
    'connector.class': 'X',
    'topics.regex': '${env:R}',
    'tasks.max': '${env:N}',
    'errors.tolerance': '${env:T}',
    'errors.deadletterqueue.topic.name': '${env:Q}',
    'errors.deadletterqueue.put.enable': 'true',
    transforms: '${env:A}',
  };
  expect(validateConnectorConfig('sink', [], config)).toEqual([]);
});
