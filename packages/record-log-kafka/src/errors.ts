import { SluiceError, tlsProblem } from '@sluice/kernel';

import { errorCodes, errorName, isRetriableCode } from './wire/error-codes.ts';

/** A broker's error code as one of the port's errors. `what` is what it was about: `topic 'orders'`. */
export function toLogError(code: number, what: string, address: string): SluiceError {
  const details = { errorCode: code, kafkaError: errorName(code), address };
  if (forbidden.has(code)) {
    return new SluiceError(
      'log.forbidden',
      `Kafka at ${address} does not allow this client to use ${what} (${errorName(code)}): grant its principal the right with kafka-acls`,
      { details },
    );
  }
  if (isRetriableCode(code)) {
    return new SluiceError(
      'log.unreachable',
      `Kafka at ${address} cannot serve ${what} now (${errorName(code)}): check that its brokers run`,
      { retriable: true, details },
    );
  }
  if (remedies.has(code)) {
    return new SluiceError(
      'log.failed',
      `Kafka at ${address} refused records for ${what} (${errorName(code)}): ${remedies.get(code)}`,
      { details },
    );
  }
  return new SluiceError(
    'log.failed',
    `Kafka at ${address} refused a request about ${what}: ${errorName(code)}`,
    { details },
  );
}

export function unreachableError(address: string, cause?: Error): SluiceError {
  const reason = cause === undefined ? '' : ` (${cause.message})`;
  const problem = cause && tlsProblem(cause, false);
  return new SluiceError(
    'log.unreachable',
    problem === undefined
      ? `Kafka at ${address} does not answer${reason}: check that it runs and that KAFKA_BROKERS is right`
      : `cannot connect to Kafka at ${address}: ${problem}`,
    { retriable: true, cause, details: { address } },
  );
}

/** The broker does not say where its limit is. */
export function tooLargeForTopicError(topic: string, bytes: number): SluiceError {
  return new SluiceError(
    'log.record_too_large',
    `a record of ${bytes} bytes is above what topic '${topic}' takes: raise its max.message.bytes (of the broker: message.max.bytes), or make the record smaller`,
    { details: { topic, bytes } },
  );
}

export function groupInUseError(group: string, members: number, state: string): SluiceError {
  return new SluiceError(
    'log.group_in_use',
    `consumer group '${group}' has ${members} members (${state}): another consumer, or Kafka Connect itself, reads under this name. ` +
      `Stop it first; 'kafka-consumer-groups.sh --describe --members --group ${group}' names them`,
    { retriable: true, details: { group, members, state } },
  );
}

export function isGroupInUse(error: unknown): boolean {
  return error instanceof SluiceError && error.code === 'log.group_in_use';
}

const remedies: ReadonlyMap<number, string> = new Map([
  [
    errorCodes.INVALID_TIMESTAMP,
    "a record's timestamp is further from the broker's clock than message.timestamp.before.max.ms and message.timestamp.after.max.ms of the topic allow",
  ],
  [
    errorCodes.INVALID_RECORD,
    'the topic accepts no such record; one that is compacted wants a key in each',
  ],
]);

const forbidden: ReadonlySet<number> = new Set([
  errorCodes.TOPIC_AUTHORIZATION_FAILED,
  errorCodes.GROUP_AUTHORIZATION_FAILED,
  errorCodes.CLUSTER_AUTHORIZATION_FAILED,
  errorCodes.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
]);

/** What the broker answers to a producer that somebody else took over, or whose state it lost. */
export const producerIsOver: ReadonlySet<number> = new Set([
  errorCodes.INVALID_PRODUCER_EPOCH,
  errorCodes.PRODUCER_FENCED,
  errorCodes.INVALID_PRODUCER_ID_MAPPING,
  errorCodes.UNKNOWN_PRODUCER_ID,
  errorCodes.OUT_OF_ORDER_SEQUENCE_NUMBER,
  errorCodes.DUPLICATE_SEQUENCE_NUMBER,
]);

/** The producer id cannot be used any more. Whether its owner may have another one, the fence tells. */
export function producerOverError(address: string, code?: number): SluiceError {
  const why = code === undefined ? '' : ` (${errorName(code)})`;
  return new SluiceError(
    'log.unreachable',
    `Kafka at ${address} does not accept this producer any more${why}: it begins anew`,
    { retriable: true, details: { address, errorCode: code, isProducerOver: true } },
  );
}

export function isProducerOver(error: unknown): boolean {
  return error instanceof SluiceError && error.details['isProducerOver'] === true;
}
