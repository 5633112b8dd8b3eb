/** Keys of the file connectors as Kafka Connect 4.3.1 describes them, in its order; those of versions apart. */

export type ExpectedKey = readonly [
  name: string,
  type: string,
  required: boolean,
  default_value: string | null,
  importance: string,
  group: string | null,
  width: string,
  display_name: string,
];

export const fileSourceKeys: readonly ExpectedKey[] = [
  ['file', 'STRING', false, null, 'HIGH', null, 'NONE', 'file'],
  ['topic', 'STRING', true, null, 'HIGH', null, 'NONE', 'topic'],
  ['batch.size', 'INT', false, '2000', 'LOW', null, 'NONE', 'batch.size'],
];

export const fileSinkKeys: readonly ExpectedKey[] = [
  ['file', 'STRING', false, null, 'HIGH', null, 'NONE', 'file'],
];

const commonKeys: readonly ExpectedKey[] = [
  ['name', 'STRING', true, null, 'HIGH', 'Common', 'MEDIUM', 'Connector name'],
  ['connector.class', 'STRING', true, null, 'HIGH', 'Common', 'LONG', 'Connector class'],
  ['tasks.max', 'INT', false, '1', 'HIGH', 'Common', 'SHORT', 'Tasks max'],
  ['tasks.max.enforce', 'BOOLEAN', false, 'true', 'LOW', 'Common', 'SHORT', 'Enforce tasks max'],
  ['key.converter', 'CLASS', false, null, 'LOW', 'Common', 'SHORT', 'Key converter class'],
  ['value.converter', 'CLASS', false, null, 'LOW', 'Common', 'SHORT', 'Value converter class'],
  ['header.converter', 'CLASS', false, null, 'LOW', 'Common', 'SHORT', 'Header converter class'],
  ['transforms', 'LIST', false, '', 'LOW', 'Transforms', 'LONG', 'Transforms'],
  ['predicates', 'LIST', false, '', 'LOW', 'Predicates', 'LONG', 'Predicates'],
  ['config.action.reload', 'STRING', false, 'restart', 'LOW', 'Common', 'MEDIUM', 'Reload Action'],
  [
    'errors.retry.timeout',
    'LONG',
    false,
    '0',
    'MEDIUM',
    'Error Handling',
    'MEDIUM',
    'Retry Timeout for Errors',
  ],
  [
    'errors.retry.delay.max.ms',
    'LONG',
    false,
    '60000',
    'MEDIUM',
    'Error Handling',
    'MEDIUM',
    'Maximum Delay Between Retries for Errors',
  ],
  [
    'errors.tolerance',
    'STRING',
    false,
    'none',
    'MEDIUM',
    'Error Handling',
    'SHORT',
    'Error Tolerance',
  ],
  [
    'errors.log.enable',
    'BOOLEAN',
    false,
    'false',
    'MEDIUM',
    'Error Handling',
    'SHORT',
    'Log Errors',
  ],
  [
    'errors.log.include.messages',
    'BOOLEAN',
    false,
    'false',
    'MEDIUM',
    'Error Handling',
    'SHORT',
    'Log Error Details',
  ],
];

export const sourceKeys: readonly ExpectedKey[] = [
  ...commonKeys,
  [
    'topic.creation.groups',
    'LIST',
    false,
    '',
    'LOW',
    'Topic Creation',
    'LONG',
    'Topic Creation Groups',
  ],
  [
    'exactly.once.support',
    'STRING',
    false,
    'requested',
    'MEDIUM',
    'Exactly Once Support',
    'SHORT',
    'Exactly once support',
  ],
  [
    'transaction.boundary',
    'STRING',
    false,
    'poll',
    'MEDIUM',
    'Exactly Once Support',
    'SHORT',
    'Transaction Boundary',
  ],
  [
    'transaction.boundary.interval.ms',
    'LONG',
    false,
    null,
    'LOW',
    'Exactly Once Support',
    'SHORT',
    'Transaction boundary interval',
  ],
  ['offsets.storage.topic', 'STRING', false, null, 'LOW', 'offsets.topic', 'LONG', 'Offsets topic'],
];

export const sinkKeys: readonly ExpectedKey[] = [
  ...commonKeys,
  ['topics', 'LIST', false, '', 'HIGH', 'Common', 'LONG', 'Topics'],
  ['topics.regex', 'STRING', false, '', 'HIGH', 'Common', 'LONG', 'Topics regex'],
  [
    'errors.deadletterqueue.topic.name',
    'STRING',
    false,
    '',
    'MEDIUM',
    'Error Handling',
    'MEDIUM',
    'Dead Letter Queue Topic Name',
  ],
  [
    'errors.deadletterqueue.topic.replication.factor',
    'SHORT',
    false,
    '3',
    'MEDIUM',
    'Error Handling',
    'MEDIUM',
    'Dead Letter Queue Topic Replication Factor',
  ],
  [
    'errors.deadletterqueue.context.headers.enable',
    'BOOLEAN',
    false,
    'false',
    'MEDIUM',
    'Error Handling',
    'MEDIUM',
    'Enable Error Context Headers',
  ],
];

export const versionKeys: readonly string[] = [
  'connector.plugin.version',
  'key.converter.plugin.version',
  'value.converter.plugin.version',
  'header.converter.plugin.version',
];
