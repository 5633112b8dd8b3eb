/**
 * Keys of error handling that Kafka Connect does not have, or not for this type. They are checked like all others, but
 * not listed with a plugin's keys: what lists them for a client of Kafka Connect shows exactly Kafka Connect's.
 */
import type { ConfigKey } from './config-def.ts';
import { SINK_CONNECTOR_KEYS } from './connector-keys.ts';

const group = 'Error Handling';

/** A source has the dead letter queue of a sink. */
const deadLetterKeys = SINK_CONNECTOR_KEYS.filter(({ name }) =>
  name.startsWith('errors.deadletterqueue.'),
);

const putKeys: readonly ConfigKey[] = [
  {
    name: 'errors.deadletterqueue.put.enable',
    type: 'BOOLEAN',
    required: false,
    defaultValue: 'false',
    importance: 'MEDIUM',
    group,
    width: 'MEDIUM',
    displayName: 'Search Batches That Put Refuses',
    documentation:
      'Whether a batch that put refuses for good is put again in halves, to find the records that it refuses; they are ' +
      'handled as errors.tolerance=all says, which has to be set. The sink must bear it that part of a batch comes again.',
  },
  {
    name: 'errors.deadletterqueue.put.records.max',
    type: 'INT',
    required: false,
    defaultValue: '100',
    importance: 'LOW',
    group,
    width: 'SHORT',
    displayName: 'Most Records Refused by Put',
    rules: { min: 1 },
    documentation:
      'So many records of one batch may be refused by put; with more the task fails, since it is not the records then.',
  },
];

export const SLUICE_SOURCE_ERROR_KEYS: readonly ConfigKey[] = deadLetterKeys;
export const SLUICE_SINK_ERROR_KEYS: readonly ConfigKey[] = putKeys;
