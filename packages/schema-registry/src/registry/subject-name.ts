/** Under which subject a schema stands in the registry. */
import { DataError } from '@sluice/connector-api';
import type { SubjectNameStrategy } from './registry-keys.ts';

export interface SubjectOf {
  readonly strategy: SubjectNameStrategy;
  readonly topic: string;
  readonly isKey: boolean;
  /** Full name of the record; undefined for what has none: only the topic's name may name it. */
  readonly recordName: string | undefined;
}

/** @throws DataError in Confluent's words when the strategy needs a record and there is none */
export function subjectName({ strategy, topic, isKey, recordName }: SubjectOf): string {
  const role = isKey ? 'key' : 'value';
  if (strategy === 'TopicNameStrategy') return `${topic}-${role}`;
  if (recordName === undefined)
    throw new DataError(
      `In configuration ${role}.subject.name.strategy = ${strategy}, the message ${role} must only be a record schema`,
    );
  return strategy === 'RecordNameStrategy' ? recordName : `${topic}-${recordName}`;
}
