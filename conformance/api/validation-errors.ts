/** Kafka Connect's ConnectorValidationIntegrationTest: how many errors a definition has, and at which keys. */
import assert from 'node:assert/strict';
import type { ConformanceCase } from '../case.ts';
import type { ConnectorSettings } from '../targets/target.ts';
import { fileSinkClass } from './connectors.ts';
import { sinkBase, sinkOfTopics, sourceBase, validate } from './validate.ts';

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
    errors: { 'transforms.t.type': [/there is no config 'transforms\.t\.predicate'/] },
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
    config: { ...sinkOfTopics, 'key.converter': 'WheresTheFruit' },
    errors: { 'key.converter': [/Class WheresTheFruit could not be found/] },
  },
  {
    original: 'testConnectorHasInvalidConverterClassType',
    config: { ...sinkOfTopics, 'value.converter': fileSinkClass },
    errors: { 'value.converter': [/./] },
  },
  {
    original: 'testConnectorHasMissingHeaderConverterClass',
    config: { ...sinkOfTopics, 'header.converter': 'WheresTheFruit' },
    errors: { 'header.converter': [/Class WheresTheFruit could not be found/] },
  },
  {
    original: 'testConnectorHasInvalidHeaderConverterClassType',
    config: { ...sinkOfTopics, 'header.converter': fileSinkClass },
    errors: { 'header.converter': [/./] },
  },
  {
    original: 'testConnectorHasMisconfiguredHeaderConverter',
    config: {
      ...sinkOfTopics,
      'header.converter': 'org.apache.kafka.connect.json.JsonConverter',
      'header.converter.schemas.enable': 'notaboolean',
    },
    errors: {
      'header.converter.schemas.enable': [
        /^Invalid value notaboolean for configuration (header\.converter\.)?schemas\.enable: Expected value to be either true or false$/,
      ],
    },
  },
  {
    original: 'testConnectorHasMisconfiguredConverter',
    config: {
      ...sinkOfTopics,
      'key.converter': 'org.apache.kafka.connect.json.JsonConverter',
      'key.converter.schemas.enable': 'notaboolean',
    },
    errors: {
      'key.converter.schemas.enable': [
        /^Invalid value notaboolean for configuration (key\.converter\.)?schemas\.enable: Expected value to be either true or false$/,
      ],
    },
  },
];

export const validationErrorCases: readonly ConformanceCase[] = validations.map(
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
