/** `PUT /connector-plugins/NAME/config/validate`: how many errors there are, at which keys, and what else it tells. */
import assert from 'node:assert/strict';
import type { ConformanceCase } from '../case.ts';
import type { ConnectorSettings } from '../targets/target.ts';
import type { Trial } from '../trial.ts';
import { fileSinkClass, fileSource, fileSourceClass } from './connectors.ts';
import { versionKeys } from './expected-keys.ts';
import { ask, assertError } from './request.ts';

interface ConfigInfos {
  readonly name: string;
  readonly error_count: number;
  readonly groups: readonly string[];
  readonly configs: readonly {
    readonly definition: { readonly name: string; readonly group: string | null };
    readonly value: {
      readonly name: string;
      readonly value: string | null;
      readonly recommended_values: readonly string[];
      readonly errors: readonly string[];
      readonly visible: boolean;
    };
  }[];
}

async function validate(
  trial: Trial,
  name: string,
  config: Readonly<Record<string, unknown>>,
): Promise<ConfigInfos> {
  const answer = await ask(trial, `PUT /connector-plugins/${name}/config/validate`, {
    body: config,
  });
  assert.equal(answer.status, 200, answer.text);
  return answer.body as ConfigInfos;
}

const sourceBase: ConnectorSettings = {
  name: 'source',
  'connector.class': fileSourceClass,
  file: '/tmp/none',
  topic: 't',
};
const sinkBase: ConnectorSettings = {
  name: 'sink',
  'connector.class': fileSinkClass,
  file: '/tmp/none',
};
const sinkOfTopics: ConnectorSettings = { ...sinkBase, topics: 't' };

/** Key → what is said there; as many errors as there are texts. */
type Errors = Readonly<Record<string, readonly (string | RegExp)[]>>;

interface Validation {
  /** Of ConnectorValidationIntegrationTest. */
  readonly original: string;
  readonly config: ConnectorSettings;
  readonly errors: Errors;
  readonly difference?: string;
  /** With `difference`. */
  readonly sluiceErrors?: Errors;
}

const both = 'topics and topics.regex are mutually exclusive options, but both are set.';
const neither = 'Must configure one of topics or topics.regex';

const validations: readonly Validation[] = [
  {
    original: 'testSinkConnectorHasNeitherTopicsListNorTopicsRegex',
    config: sinkBase,
    errors: { topics: [neither], 'topics.regex': [neither] },
  },
  {
    original: 'testSinkConnectorHasBothTopicsListAndTopicsRegex',
    config: { ...sinkBase, topics: 't1', 'topics.regex': 'r.*' },
    errors: { topics: [both], 'topics.regex': [both] },
  },
  {
    original: 'testSinkConnectorDeadLetterQueueTopicInTopicsList',
    config: { ...sinkBase, topics: 't1', 'errors.deadletterqueue.topic.name': 't1' },
    errors: {
      topics: [/^The DLQ topic 't1' may not be included in the list of topics \('topics=\[t1\]'\)/],
    },
  },
  {
    original: 'testSinkConnectorDeadLetterQueueTopicMatchesTopicsRegex',
    config: {
      ...sinkBase,
      'topics.regex': 'r.*',
      'errors.deadletterqueue.topic.name': 'ruh.roh',
    },
    errors: {
      'topics.regex': [/^The DLQ topic 'ruh.roh' may not be matched by the regex for the topics/],
    },
  },
  {
    original: 'testSourceConnectorHasDuplicateTopicCreationGroups',
    difference: 'unsupported-keys',
    sluiceErrors: {
      'topic.creation.groups': [/Duplicate alias provided/, /is not supported yet: remove it$/],
    },
    config: { ...sourceBase, 'topic.creation.groups': 'g1, g2, g1' },
    errors: { 'topic.creation.groups': [/Duplicate alias provided/] },
  },
  {
    original: 'testConnectorHasDuplicateTransformations',
    config: {
      ...sinkOfTopics,
      transforms: 't, t',
      'transforms.t.type': 'org.apache.kafka.connect.transforms.Filter',
    },
    errors: { transforms: [/Duplicate alias provided/] },
  },
  {
    original: 'testConnectorHasMissingTransformClass',
    config: { ...sinkOfTopics, transforms: 't', 'transforms.t.type': 'WheresTheFruit' },
    errors: { 'transforms.t.type': [/Class WheresTheFruit could not be found/] },
  },
  {
    original: 'testConnectorHasInvalidTransformClass',
    config: { ...sinkOfTopics, transforms: 't', 'transforms.t.type': fileSinkClass },
    errors: { 'transforms.t.type': [/./] },
  },
  {
    original: 'testConnectorHasNegationForUndefinedPredicate',
    config: {
      ...sinkOfTopics,
      transforms: 't',
      'transforms.t.type': 'org.apache.kafka.connect.transforms.Filter',
      'transforms.t.negate': 'true',
    },
    errors: { 'transforms.t.negate': [/./] },
  },
  {
    original: 'testConnectorHasDuplicatePredicates',
    config: {
      ...sinkOfTopics,
      predicates: 'p, p',
      'predicates.p.type': 'org.apache.kafka.connect.transforms.predicates.RecordIsTombstone',
    },
    errors: { predicates: [/Duplicate alias provided/] },
  },
  {
    original: 'testConnectorHasMissingPredicateClass',
    config: { ...sinkOfTopics, predicates: 'p', 'predicates.p.type': 'WheresTheFruit' },
    errors: { 'predicates.p.type': [/Class WheresTheFruit could not be found/] },
  },
  {
    original: 'testConnectorHasInvalidPredicateClass',
    config: { ...sinkOfTopics, predicates: 'p', 'predicates.p.type': fileSinkClass },
    errors: { 'predicates.p.type': [/./] },
  },
  {
    original: 'testConnectorHasMissingConverterClass',
    difference: 'converters-of-definitions',
    sluiceErrors: {},
    config: { ...sinkOfTopics, 'key.converter': 'WheresTheFruit' },
    errors: { 'key.converter': [/Class WheresTheFruit could not be found/] },
  },
  {
    original: 'testConnectorHasInvalidConverterClassType',
    difference: 'converters-of-definitions',
    sluiceErrors: {},
    config: { ...sinkOfTopics, 'value.converter': fileSinkClass },
    errors: { 'value.converter': [/./] },
  },
  {
    original: 'testConnectorHasMissingHeaderConverterClass',
    difference: 'converters-of-definitions',
    sluiceErrors: {},
    config: { ...sinkOfTopics, 'header.converter': 'WheresTheFruit' },
    errors: { 'header.converter': [/Class WheresTheFruit could not be found/] },
  },
  {
    original: 'testConnectorHasInvalidHeaderConverterClassType',
    difference: 'converters-of-definitions',
    sluiceErrors: {},
    config: { ...sinkOfTopics, 'header.converter': fileSinkClass },
    errors: { 'header.converter': [/./] },
  },
  {
    original: 'testConnectorHasMisconfiguredConverter',
    difference: 'converters-of-definitions',
    sluiceErrors: {},
    config: {
      ...sinkOfTopics,
      'key.converter': 'org.apache.kafka.connect.json.JsonConverter',
      'key.converter.schemas.enable': 'notaboolean',
    },
    errors: {
      'schemas.enable': [/^Invalid value notaboolean for configuration schemas\.enable/],
    },
  },
];

const counted = validations.map(
  ({ config, difference, errors: common, original, sluiceErrors = {} }): ConformanceCase => ({
    title: `validate: ConnectorValidationIntegrationTest ${original}`,
    ...(difference === undefined ? {} : { difference }),
    run: async (trial) => {
      const errors =
        difference === undefined ? common : trial.on({ connect: common, sluice: sluiceErrors });
      const infos = await validate(trial, config['connector.class'] ?? '', config);
      const found = Object.fromEntries(
        infos.configs
          .filter(({ value }) => value.errors.length > 0)
          .map(({ value }) => [value.name, value.errors]),
      );
      const said = JSON.stringify(found);
      assert.deepEqual(Object.keys(found).toSorted(), Object.keys(errors).toSorted(), said);
      for (const [key, texts] of Object.entries(errors)) {
        assert.equal(found[key]?.length, texts.length, said);
        texts.forEach((text, index) => {
          const error = found[key]?.[index] ?? '';
          if (typeof text === 'string') assert.ok(error.endsWith(text), said);
          else assert.match(error, text);
        });
      }
      assert.equal(infos.error_count, Object.values(errors).flat().length);
    },
  }),
);

/** Without those of versions, which a row of its own is about. */
function namesOf({ configs }: ConfigInfos): string[] {
  return configs
    .map(({ value }) => value.name)
    .filter((name) => !versionKeys.includes(name))
    .toSorted();
}

const others: readonly ConformanceCase[] = [
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
    },
  },
  {
    title:
      'validate: ConnectRestApiTest test_rest_api: the set of keys of a source, and its groups',
    run: async (trial) => {
      const infos = await validate(trial, fileSourceClass, sourceBase);
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
    difference: 'values-in-messages',
    run: async (trial) => {
      const answer = await ask(trial, 'PUT /connector-plugins/FileStreamSink/config/validate', {
        body: { topics: 'secret' },
      });
      assertError(
        answer,
        400,
        trial.on({
          connect: 'Connector config {topics=secret} contains no connector type',
          sluice: 'Connector config {topics} contains no connector type',
        }),
      );
    },
  },
  {
    title: 'validate: a class that is not there',
    run: async (trial) => {
      const answer = await ask(trial, 'PUT /connector-plugins/NoSuch/config/validate', {
        body: { 'connector.class': 'NoSuch' },
      });
      assertError(
        answer,
        400,
        /^Failed to find any class that implements Connector and which name matches NoSuch, available connectors are: /,
      );
    },
  },
  {
    title: 'validate: null as a value',
    difference: 'null-values',
    run: async (trial) => {
      const { configs, error_count: errors } = await validate(trial, fileSourceClass, {
        ...sourceBase,
        'batch.size': null,
      });
      assert.equal(errors, trial.on({ connect: 1, sluice: 0 }));
      const said = configs.flatMap(({ value }) => value.errors);
      assert.deepEqual(
        said,
        trial.on({
          connect: ['Null value can not be supplied as the configuration value.'],
          sluice: [],
        }),
      );
    },
  },
];

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

export const validationCases: readonly ConformanceCase[] = [...counted, ...others];
