import { SluiceError } from '@sluice/kernel';

import type { WriterIdentity } from './record-log.ts';

/** Errors that every adapter throws alike. */

/** `cause`: what the log itself refused, where it does. */
export function fencedError(
  identity: WriterIdentity,
  currentFence: number,
  cause?: Error,
): SluiceError {
  return new SluiceError(
    'log.fenced',
    `'${identity.id}' was taken over by a newer owner: fence ${identity.fence} is below ${currentFence}. Stop this one.`,
    {
      fenced: true,
      cause,
      details: { identity: identity.id, fence: identity.fence, currentFence },
    },
  );
}

/** The log was told to commit, and did not say whether it has. */
export function outcomeUnknownError({ id }: WriterIdentity, cause: Error): SluiceError {
  return new SluiceError(
    'log.outcome_unknown',
    `whether the last transaction of '${id}' was committed is not known: ${cause.message}. Begin anew at the stored offsets`,
    { cause, details: { identity: id } },
  );
}

export function isOutcomeUnknown(error: unknown): boolean {
  return error instanceof SluiceError && error.code === 'log.outcome_unknown';
}

export function closedError(what: string): SluiceError {
  return new SluiceError('log.closed', `${what} is closed and cannot be used any more`);
}

export function recordTooLargeError(topic: string, bytes: number, bytesMax: number): SluiceError {
  return new SluiceError(
    'log.record_too_large',
    `a record of ${bytes} bytes for topic '${topic}' is above the log's limit of ${bytesMax} bytes: raise the limit or make the record smaller`,
    { details: { topic, bytes, bytesMax } },
  );
}

export function unknownPartitionError(
  topic: string,
  partition: number,
  partitions: number,
): SluiceError {
  return new SluiceError(
    'log.unknown_partition',
    `topic '${topic}' has ${partitions} partitions, so there is no partition ${partition}`,
    { details: { topic, partition, partitions } },
  );
}

export function topicExistsError(topic: string, existing: number, asked: number): SluiceError {
  return new SluiceError(
    'log.topic_exists_differently',
    `topic '${topic}' exists with ${existing} partitions, not ${asked}: use it as it is, or delete it first`,
    { details: { topic, existing, asked } },
  );
}

export function notAssignedError(topic: string, partition: number): SluiceError {
  return new SluiceError(
    'log.not_assigned',
    `partition ${partition} of topic '${topic}' is not assigned to this reader: call assign first`,
    { details: { topic, partition } },
  );
}
