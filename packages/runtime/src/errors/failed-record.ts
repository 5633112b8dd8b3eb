/** A record that failed, and how it is told: in the log, and in the headers of its dead letter. */
import type { SourceRecord } from '@sluice/connector-api';
import type { FetchedRecord, Header } from '@sluice/record-log';

import type { Stage } from './decide-failure.ts';
import { jsonText } from './json-text.ts';

/** What failed, without the record. */
export interface Failure {
  readonly stage: Stage;
  /** Full name of the plugin that was at work. */
  readonly class: string;
  readonly error: Error;
}

/** A record as the log has it. */
export interface ConsumedRecord {
  readonly topic: string;
  readonly partition: number;
  readonly record: FetchedRecord;
}

export interface TaskName {
  readonly connector: string;
  readonly task: number;
}

/** What errors say is told with references in place of what they stand for. */
export interface FailedTask extends TaskName {
  readonly hideSecrets: (text: string) => string;
}

export interface Place {
  readonly topic: string;
  /** -1: none was chosen yet. */
  readonly partition: number;
  /** -1: it has none yet. */
  readonly offset: number;
}

export const errorHeaderPrefix = '__connect.errors.';
export const sluiceHeaderPrefix = '__sluice.errors.';

/** Sluice's own headers of dead letters. */
export const sluiceHeaders = {
  /** Of a source's record. */
  partition: `${sluiceHeaderPrefix}source.partition`,
  offset: `${sluiceHeaderPrefix}source.offset`,
  /** The converter did not take it. */
  keyEncoding: `${sluiceHeaderPrefix}key.encoding`,
  valueEncoding: `${sluiceHeaderPrefix}value.encoding`,
  /** The letter was too large for the queue with it. Says how many bytes it had. */
  keyOmitted: `${sluiceHeaderPrefix}key.omitted`,
  valueOmitted: `${sluiceHeaderPrefix}value.omitted`,
} as const;

/**
 * The headers of Kafka Connect's DeadLetterQueueReporter, in its order, as text in UTF-8. A record that failed before
 * has them twice then: the last of a name is the newest.
 */
export function contextHeaders(
  { class: className, error, stage }: Failure,
  place: Place,
  { connector, hideSecrets, task }: FailedTask,
): Header[] {
  const told: readonly (readonly [string, string])[] = [
    ['topic', place.topic],
    ['partition', String(place.partition)],
    ['offset', String(place.offset)],
    ['connector.name', connector],
    ['task.id', String(task)],
    ['stage', stage],
    ['class.name', className],
    ['exception.class.name', errorClassOf(error)],
    ['exception.message', hideSecrets(error.message)],
    ['exception.stacktrace', hideSecrets(stackOf(error))],
  ];
  return told.map(([name, text]): Header => [`${errorHeaderPrefix}${name}`, Buffer.from(text)]);
}

/** By name, since a plugin may carry copies of these classes. */
const connectClasses: ReadonlyMap<string, string> = new Map([
  ['ConfigError', 'org.apache.kafka.common.config.ConfigException'],
  ['ConnectError', 'org.apache.kafka.connect.errors.ConnectException'],
  ['DataError', 'org.apache.kafka.connect.errors.DataException'],
  ['RetriableError', 'org.apache.kafka.connect.errors.RetriableException'],
  ['SchemaBuilderError', 'org.apache.kafka.connect.errors.SchemaBuilderException'],
  ['SchemaProjectorError', 'org.apache.kafka.connect.errors.SchemaProjectorException'],
]);

/** Kafka Connect's name where it has the same class, so that one rule finds the letters of both. */
function errorClassOf({ name }: Error): string {
  return connectClasses.get(name) ?? name;
}

/** Of a stack with its causes; more tells nothing more. */
const stackCharactersMax = 16_384;

function stackOf(error: Error): string {
  const parts: string[] = [];
  let next: unknown = error;
  for (let depth = 0; next instanceof Error && depth < 10; depth += 1) {
    const stack = next.stack ?? `${next.name}: ${next.message}`;
    parts.push(depth === 0 ? stack : `Caused by: ${stack}`);
    next = next.cause;
  }
  return `${parts.join('\n')}\n`.slice(0, stackCharactersMax);
}

/** As Kafka Connect's log has it; `record` is left out unless the definition asks for it. */
export function logText(
  { class: className, stage }: Failure,
  { connector, task }: TaskName,
  record?: ConsumedRecord | SourceRecord,
): string {
  const which =
    record === undefined
      ? ''
      : 'record' in record
        ? `, where consumed record is ${consumedText(record)}`
        : `, where source record is = ${sourceText(record)}`;
  return `Error encountered in task ${connector}-${String(task)}. Executing stage '${stage}' with class '${className}'${which}.`;
}

function consumedText({ topic, partition, record }: ConsumedRecord): string {
  const { offset, timestampMs } = record;
  return `{topic='${topic}', partition=${String(partition)}, offset=${String(offset)}, timestamp=${String(timestampMs)}, timestampType=CreateTime}`;
}

function sourceText(record: SourceRecord): string {
  const { headers, key, partition, sourceOffset, sourcePartition, timestampMs, topic, value } =
    record;
  const text = (part: unknown): string => (part === undefined ? 'null' : jsonText(part));
  return (
    `SourceRecord{sourcePartition=${text(sourcePartition)}, sourceOffset=${text(sourceOffset)}} ` +
    `ConnectRecord{topic='${topic}', kafkaPartition=${text(partition)}, key=${text(key)}, value=${text(value)}, ` +
    `timestamp=${text(timestampMs)}, headers=${text(headers ?? [])}}`
  );
}
