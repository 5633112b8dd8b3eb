/**
 * The configuration keys that every connector has, besides those of its plugin: names, types, defaults and
 * groups are Kafka Connect's. Checked with `validateConnectorConfig`, without running a plugin.
 */
import type { ConfigKey } from './config-def.ts';

const commonGroup = 'Common';
const transformsGroup = 'Transforms';
const predicatesGroup = 'Predicates';
const errorGroup = 'Error Handling';
const topicCreationGroup = 'Topic Creation';
const exactlyOnceGroup = 'Exactly Once Support';
const offsetsTopicGroup = 'offsets.topic';

type Options = Pick<
  ConfigKey,
  'type' | 'importance' | 'group' | 'order' | 'width' | 'displayName' | 'rules'
> & {
  /** Absent: the key is required. */
  readonly default?: string | null;
};

function key(name: string, options: Options, documentation: string): ConfigKey {
  const { default: defaultValue, ...rest } = options;
  return {
    name,
    ...rest,
    required: defaultValue === undefined,
    defaultValue: defaultValue ?? null,
    documentation,
  };
}

/** What sources and sinks have in common. Orders are those of forms that Kafka Connect's clients show. */
export const COMMON_CONNECTOR_KEYS: readonly ConfigKey[] = [
  key(
    'name',
    {
      type: 'STRING',
      importance: 'HIGH',
      group: commonGroup,
      width: 'MEDIUM',
      displayName: 'Connector name',
      rules: { nonEmpty: true },
    },
    'Name of the connector; no other connector of the cluster may have it.',
  ),
  key(
    'connector.class',
    {
      type: 'STRING',
      importance: 'HIGH',
      group: commonGroup,
      width: 'LONG',
      displayName: 'Connector class',
    },
    'Which plugin runs: its full class name or one of its aliases, e.g. FileStreamSink or FileStreamSinkConnector.',
  ),
  key(
    'connector.plugin.version',
    {
      type: 'STRING',
      default: null,
      importance: 'MEDIUM',
      group: commonGroup,
      width: 'MEDIUM',
      displayName: 'Connector version',
    },
    'Version of the connector: 1.2.3 is that one, [1.0,2.0) one in that range. Without it, or with latest, the newest.',
  ),
  key(
    'tasks.max',
    {
      type: 'INT',
      default: '1',
      importance: 'HIGH',
      group: commonGroup,
      width: 'SHORT',
      displayName: 'Tasks max',
      rules: { min: 1 },
    },
    'At most so many tasks share the work of the connector.',
  ),
  key(
    'tasks.max.enforce',
    {
      type: 'BOOLEAN',
      default: 'true',
      importance: 'LOW',
      group: commonGroup,
      width: 'SHORT',
      displayName: 'Enforce tasks max',
    },
    'Deprecated. Whether a connector that makes more tasks than tasks.max fails (true) or may run them (false).',
  ),
  key(
    'key.converter',
    {
      type: 'CLASS',
      default: null,
      importance: 'LOW',
      group: commonGroup,
      width: 'SHORT',
      displayName: 'Key converter class',
    },
    'Converter between record keys and their bytes in the log. Without it, that of the worker.',
  ),
  key(
    'key.converter.plugin.version',
    {
      type: 'STRING',
      default: null,
      importance: 'LOW',
      group: commonGroup,
      width: 'SHORT',
      displayName: 'Key converter version',
    },
    'Version of the key converter, as for connector.plugin.version.',
  ),
  key(
    'value.converter',
    {
      type: 'CLASS',
      default: null,
      importance: 'LOW',
      group: commonGroup,
      width: 'SHORT',
      displayName: 'Value converter class',
    },
    'Converter between record values and their bytes in the log. Without it, that of the worker.',
  ),
  key(
    'value.converter.plugin.version',
    {
      type: 'STRING',
      default: null,
      importance: 'LOW',
      group: commonGroup,
      width: 'SHORT',
      displayName: 'Value converter version',
    },
    'Version of the value converter, as for connector.plugin.version.',
  ),
  key(
    'header.converter',
    {
      type: 'CLASS',
      default: null,
      importance: 'LOW',
      group: commonGroup,
      width: 'SHORT',
      displayName: 'Header converter class',
    },
    'Converter between header values and their bytes in the log. Without it, that of the worker.',
  ),
  key(
    'header.converter.plugin.version',
    {
      type: 'STRING',
      default: null,
      importance: 'LOW',
      group: commonGroup,
      width: 'SHORT',
      displayName: 'Header converter version',
    },
    'Version of the header converter, as for connector.plugin.version.',
  ),
  key(
    'transforms',
    {
      type: 'LIST',
      default: '',
      importance: 'LOW',
      group: transformsGroup,
      order: 12,
      width: 'LONG',
      displayName: 'Transforms',
    },
    'Names of the transformations that each record goes through, in this order; each is set up under transforms.<name>.',
  ),
  key(
    'predicates',
    {
      type: 'LIST',
      default: '',
      importance: 'LOW',
      group: predicatesGroup,
      order: 13,
      width: 'LONG',
      displayName: 'Predicates',
    },
    'Names of the conditions that transformations may refer to; each is set up under predicates.<name>.',
  ),
  key(
    'config.action.reload',
    {
      type: 'STRING',
      default: 'restart',
      importance: 'LOW',
      group: commonGroup,
      order: 14,
      width: 'MEDIUM',
      displayName: 'Reload Action',
      rules: { oneOf: ['none', 'restart'] },
    },
    'What happens when a value that a configuration provider supplied changes: restart the connector, or none.',
  ),
  key(
    'errors.retry.timeout',
    {
      type: 'LONG',
      default: '0',
      importance: 'MEDIUM',
      group: errorGroup,
      width: 'MEDIUM',
      displayName: 'Retry Timeout for Errors',
    },
    'How long, in ms, an operation that failed is tried again. 0: not at all; -1: for ever.',
  ),
  key(
    'errors.retry.delay.max.ms',
    {
      type: 'LONG',
      default: '60000',
      importance: 'MEDIUM',
      group: errorGroup,
      width: 'MEDIUM',
      displayName: 'Maximum Delay Between Retries for Errors',
    },
    'Longest delay, in ms, between two tries; delays beyond it are random below it.',
  ),
  key(
    'errors.tolerance',
    {
      type: 'STRING',
      default: 'none',
      importance: 'MEDIUM',
      group: errorGroup,
      width: 'SHORT',
      displayName: 'Error Tolerance',
      rules: { oneOf: ['none', 'all'] },
    },
    'none: the first record that cannot be handled fails the task. all: such records are skipped.',
  ),
  key(
    'errors.log.enable',
    {
      type: 'BOOLEAN',
      default: 'false',
      importance: 'MEDIUM',
      group: errorGroup,
      width: 'SHORT',
      displayName: 'Log Errors',
    },
    'Whether errors that are tolerated are logged too.',
  ),
  key(
    'errors.log.include.messages',
    {
      type: 'BOOLEAN',
      default: 'false',
      importance: 'MEDIUM',
      group: errorGroup,
      width: 'SHORT',
      displayName: 'Log Error Details',
    },
    'Whether the log of an error shows the record itself, which may hold private data.',
  ),
];

/** Every key of a source besides those of its plugin. */
export const SOURCE_CONNECTOR_KEYS: readonly ConfigKey[] = [
  ...COMMON_CONNECTOR_KEYS,
  key(
    'topic.creation.groups',
    {
      type: 'LIST',
      default: '',
      importance: 'LOW',
      group: topicCreationGroup,
      width: 'LONG',
      displayName: 'Topic Creation Groups',
    },
    'Names of groups of settings for topics that the connector creates; each is set up under topic.creation.<name>.',
  ),
  key(
    'exactly.once.support',
    {
      type: 'STRING',
      default: 'requested',
      importance: 'MEDIUM',
      group: exactlyOnceGroup,
      order: 2,
      width: 'SHORT',
      displayName: 'Exactly once support',
      rules: { oneOf: ['REQUIRED', 'REQUESTED'], ignoreCase: true },
    },
    'required: the connector is refused unless it says that it can write exactly once. requested: it is not asked.',
  ),
  key(
    'transaction.boundary',
    {
      type: 'STRING',
      default: 'poll',
      importance: 'MEDIUM',
      group: exactlyOnceGroup,
      order: 3,
      width: 'SHORT',
      displayName: 'Transaction Boundary',
      rules: { oneOf: ['INTERVAL', 'POLL', 'CONNECTOR'], ignoreCase: true },
    },
    'What one transaction covers: each batch that a task polls, a time interval, or what the connector decides.',
  ),
  key(
    'transaction.boundary.interval.ms',
    {
      type: 'LONG',
      default: null,
      importance: 'LOW',
      group: exactlyOnceGroup,
      order: 4,
      width: 'SHORT',
      displayName: 'Transaction boundary interval',
      rules: { min: 0 },
    },
    'Length of a transaction when transaction.boundary is interval. Without it, the flush interval of the worker.',
  ),
  key(
    'offsets.storage.topic',
    {
      type: 'STRING',
      default: null,
      importance: 'LOW',
      group: offsetsTopicGroup,
      width: 'LONG',
      displayName: 'Offsets topic',
      rules: { nonEmpty: true },
    },
    'A topic of its own for the offsets of this connector. Without it, that of the worker.',
  ),
];

/** Every key of a sink besides those of its plugin. */
export const SINK_CONNECTOR_KEYS: readonly ConfigKey[] = [
  ...COMMON_CONNECTOR_KEYS,
  key(
    'topics',
    {
      type: 'LIST',
      default: '',
      importance: 'HIGH',
      group: commonGroup,
      order: 4,
      width: 'LONG',
      displayName: 'Topics',
    },
    'The topics to read, separated by commas. Exactly one of topics and topics.regex must be set.',
  ),
  key(
    'topics.regex',
    {
      type: 'STRING',
      default: '',
      importance: 'HIGH',
      group: commonGroup,
      order: 4,
      width: 'LONG',
      displayName: 'Topics regex',
    },
    'A Java regular expression that the whole name of a topic to read must match. Exactly one of topics and topics.regex must be set.',
  ),
  key(
    'errors.deadletterqueue.topic.name',
    {
      type: 'STRING',
      default: '',
      importance: 'MEDIUM',
      group: errorGroup,
      width: 'MEDIUM',
      displayName: 'Dead Letter Queue Topic Name',
    },
    'Topic for the records that this sink could not handle. Empty: they are not kept.',
  ),
  key(
    'errors.deadletterqueue.topic.replication.factor',
    {
      type: 'SHORT',
      default: '3',
      importance: 'MEDIUM',
      group: errorGroup,
      width: 'MEDIUM',
      displayName: 'Dead Letter Queue Topic Replication Factor',
    },
    'Replication factor of the dead letter queue topic, if it has to be created.',
  ),
  key(
    'errors.deadletterqueue.context.headers.enable',
    {
      type: 'BOOLEAN',
      default: 'false',
      importance: 'MEDIUM',
      group: errorGroup,
      width: 'MEDIUM',
      displayName: 'Enable Error Context Headers',
    },
    'Whether records in the dead letter queue carry headers (__connect.errors.…) that say where and why they failed.',
  ),
];
