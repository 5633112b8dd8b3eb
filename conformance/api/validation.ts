/** What `validate` tells of a definition besides its errors: keys, groups, values; and what it refuses. */
import assert from 'node:assert/strict';
import type { ConformanceCase } from '../case.ts';
import type { ConnectorSettings } from '../targets/target.ts';
import { fileSinkClass, fileSource, fileSourceClass } from './connectors.ts';
import { versionKeys } from './expected-keys.ts';
import { ask, assertError } from './request.ts';
import { type ConfigInfos, sinkOfTopics, sourceBase, validate } from './validate.ts';

const commonNames = [
  'config.action.reload',
  'connector.class',
  'errors.log.enable',
  'errors.log.include.messages',
  'errors.retry.delay.max.ms',
  'errors.retry.timeout',
  'errors.tolerance',
  'header.converter',
  'key.converter',
  'name',
  'predicates',
  'tasks.max',
  'tasks.max.enforce',
  'transforms',
  'value.converter',
];

const sourceNames = [
  ...commonNames,
  'batch.size',
  'exactly.once.support',
  'file',
  'offsets.storage.topic',
  'topic',
  'topic.creation.groups',
  'transaction.boundary',
  'transaction.boundary.interval.ms',
].toSorted();

const sinkNames = [
  ...commonNames,
  'errors.deadletterqueue.context.headers.enable',
  'errors.deadletterqueue.topic.name',
  'errors.deadletterqueue.topic.replication.factor',
  'file',
  'topics',
  'topics.regex',
].toSorted();

/** Without those of versions, which a row of its own is about. */
function namesOf({ configs }: ConfigInfos): string[] {
  return configs
    .map(({ value }) => value.name)
    .filter((name) => !versionKeys.includes(name))
    .toSorted();
}

export const validationCases: readonly ConformanceCase[] = [
  {
    title: 'validate: a definition that is right, key for key',
    run: async (trial) => {
      const config: ConnectorSettings = {
        ...fileSource(trial),
        name: 'right',
        'connector.class': fileSourceClass,
      };
      const infos = await validate(trial, 'FileStreamSource', config);
      assert.deepEqual(Object.keys(infos), ['name', 'error_count', 'groups', 'configs']);
      assert.deepEqual([infos.name, infos.error_count], [fileSourceClass, 0]);
      for (const each of infos.configs) {
        assert.deepEqual(Object.keys(each), ['definition', 'value']);
        assert.deepEqual(Object.keys(each.value), [
          'name',
          'value',
          'recommended_values',
          'errors',
          'visible',
        ]);
        assert.equal(each.definition.name, each.value.name);
        assert.deepEqual([each.value.errors, each.value.visible], [[], true]);
      }
      const values = Object.fromEntries(
        infos.configs.map(({ value }) => [value.name, value.value]),
      );
      assert.equal(values['topic'], config['topic']);
      assert.equal(values['batch.size'], '2000');
      assert.equal(values['tasks.max'], '1');
      assert.equal(values['errors.tolerance'], 'none');
      assert.equal(values['transforms'], '');
      assert.equal(values['offsets.storage.topic'], null);
      for (const key of ['connector.plugin.version', 'value.converter.plugin.version'])
        assert.match(values[key] ?? '', /^\d/);
    },
  },
  {
    title:
      'validate: ConnectRestApiTest test_rest_api: the set of keys of a source, and its groups',
    run: async (trial) => {
      const infos = await validate(trial, fileSourceClass, sourceBase);
      // Of workers, where it says nothing of its own.
      assert.deepEqual(
        infos.configs
          .filter(({ value }) => value.name.endsWith('.converter'))
          .map(({ value }) => value.value),
        [
          'org.apache.kafka.connect.json.JsonConverter',
          'org.apache.kafka.connect.json.JsonConverter',
          'org.apache.kafka.connect.storage.SimpleHeaderConverter',
        ],
      );
      assert.deepEqual(namesOf(infos), sourceNames);
      assert.deepEqual(infos.groups, [
        'Common',
        'Transforms',
        'Predicates',
        'Error Handling',
        'Topic Creation',
        'Exactly Once Support',
        'offsets.topic',
      ]);
    },
  },
  {
    title: 'validate: ConnectRestApiTest test_rest_api: the set of keys of a sink, and its groups',
    run: async (trial) => {
      const infos = await validate(trial, fileSinkClass, sinkOfTopics);
      assert.deepEqual(namesOf(infos), sinkNames);
      assert.deepEqual(infos.groups, ['Common', 'Transforms', 'Predicates', 'Error Handling']);
    },
  },
  {
    title: 'validate: keys of a transform and a predicate have groups of their own',
    run: async (trial) => {
      const infos = await validate(trial, fileSinkClass, {
        ...sinkOfTopics,
        transforms: 'hoist',
        'transforms.hoist.type': 'org.apache.kafka.connect.transforms.HoistField$Value',
        'transforms.hoist.field': 'line',
        'transforms.hoist.predicate': 'has',
        predicates: 'has',
        'predicates.has.type': 'org.apache.kafka.connect.transforms.predicates.HasHeaderKey',
        'predicates.has.name': 'h',
      });
      assert.equal(infos.error_count, 0);
      const names = new Set(infos.configs.map(({ value }) => value.name));
      for (const key of [
        'transforms.hoist.type',
        'transforms.hoist.field',
        'transforms.hoist.predicate',
        'transforms.hoist.negate',
        'predicates.has.type',
        'predicates.has.name',
      ])
        assert.ok(names.has(key), key);
      assert.ok(infos.groups.includes('Transforms: hoist'), String(infos.groups));
      assert.ok(infos.groups.includes('Predicates: has'), String(infos.groups));
      assert.deepEqual(
        infos.configs
          .filter(({ value }) => value.name.startsWith('transforms.hoist.'))
          .map(({ definition: { display_name, name, order_in_group } }) => [
            name,
            order_in_group,
            display_name,
          ]),
        [
          ['transforms.hoist.type', 0, 'Transformation type for hoist'],
          ['transforms.hoist.plugin.version', 1, 'Transformation version for hoist'],
          ['transforms.hoist.field', 2, 'field'],
          ['transforms.hoist.negate', 3, 'negate'],
          ['transforms.hoist.predicate', 4, 'predicate'],
        ],
      );
    },
  },
  {
    title:
      'validate: only a class, as clients ask for the keys of each plugin: errors, and no refusal',
    run: async (trial) => {
      for (const name of [fileSourceClass, fileSinkClass]) {
        const infos = await validate(trial, name, { 'connector.class': name });
        const missing = infos.configs
          .filter(({ value }) => value.errors.length > 0)
          .map(({ value }) => value.name);
        assert.ok(missing.includes('name'), String(missing));
        assert.ok(infos.error_count >= 2);
      }
    },
  },
  {
    title: 'validate: errors of types and validators, in their words',
    run: async (trial) => {
      const { configs } = await validate(trial, fileSourceClass, {
        'connector.class': fileSourceClass,
        'tasks.max': '0',
        'batch.size': 'x',
        'errors.tolerance': 'some',
        'errors.log.enable': 'perhaps',
        'errors.retry.timeout': '9223372036854775808',
        name: 'n',
      });
      const errors = Object.fromEntries(
        configs
          .filter(({ value }) => value.errors.length > 0)
          .map(({ value }) => [value.name, value.errors]),
      );
      assert.deepEqual(errors, {
        'tasks.max': ['Invalid value 0 for configuration tasks.max: Value must be at least 1'],
        'batch.size': ['Invalid value x for configuration batch.size: Not a number of type INT'],
        'errors.tolerance': [
          'Invalid value some for configuration errors.tolerance: String must be one of: none, all',
        ],
        'errors.log.enable': [
          'Invalid value perhaps for configuration errors.log.enable: Expected value to be either true or false',
        ],
        'errors.retry.timeout': [
          'Invalid value 9223372036854775808 for configuration errors.retry.timeout: Not a number of type LONG',
        ],
        topic: ['Missing required configuration "topic" which has no default value.'],
      });
      for (const [topics, wrong] of [
        ['a,a', 'duplicated'],
        ['a,', 'empty'],
      ] as const) {
        const sink = await validate(trial, fileSinkClass, { ...sinkOfTopics, topics });
        assert.deepEqual(
          sink.configs.flatMap(({ value }) => value.errors),
          [`Configuration 'topics' values must not be ${wrong}.`],
        );
      }
    },
  },
  {
    title: 'validate: another class than that of the url',
    run: async (trial) => {
      const answer = await ask(trial, `PUT /connector-plugins/FileStreamSink/config/validate`, {
        body: sourceBase,
      });
      assertError(
        answer,
        400,
        `Included connector type ${fileSourceClass} does not match request type FileStreamSink`,
      );
    },
  },
  {
    title: 'validate: no class',
    difference: 'validate-refusals',
    run: async (trial) => {
      const answer = await ask(trial, 'PUT /connector-plugins/FileStreamSink/config/validate', {
        body: { topics: 'secret' },
      });
      assertError(
        answer,
        trial.on({ connect: 500, sluice: 400 }),
        trial.on({
          connect:
            'org.apache.kafka.connect.runtime.rest.errors.BadRequestException: Connector config {topics=secret} contains no connector type',
          sluice: 'Connector config {topics} contains no connector type',
        }),
      );
    },
  },
  {
    title: 'validate: a class that is not there',
    difference: 'validate-refusals',
    run: async (trial) => {
      const answer = await ask(trial, 'PUT /connector-plugins/NoSuch/config/validate', {
        body: { 'connector.class': 'NoSuch' },
      });
      assertError(
        answer,
        trial.on({ connect: 500, sluice: 400 }),
        /Failed to find any class that implements Connector and which name matches NoSuch, available connectors are: /,
      );
    },
  },
  {
    title: 'validate: null as a value is no error',
    run: async (trial) => {
      const infos = await validate(trial, fileSourceClass, { ...sourceBase, 'batch.size': null });
      assert.equal(infos.error_count, 0);
    },
  },
];
