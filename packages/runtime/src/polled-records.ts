/** What `poll` of a source's task returned, looked at once for each batch: types bind no plugin in JavaScript. Pure. */
import {
  ConnectError,
  DataError,
  type SourceOffsetValue,
  type SourcePartition,
  type SourceRecord,
} from '@sluice/connector-api';

/** @throws ConnectError that says what was returned instead of a list of records. */
export function polledRecords(returned: unknown): readonly SourceRecord[] {
  if (returned === null || returned === undefined) return [];
  if (!Array.isArray(returned))
    throw new ConnectError(
      `poll of the task returned ${kindOf(returned)} instead of a list of records: return [record], or null when there is nothing`,
    );
  for (let index = 0; index < returned.length; index += 1) {
    const record: unknown = returned[index];
    const isRecord = typeof record === 'object' && record !== null;
    if (isRecord && 'topic' in record && typeof record.topic === 'string') continue;
    const found = isRecord ? 'a record without a topic' : kindOf(record);
    throw new ConnectError(
      `poll of the task returned ${found} at place ${String(index)} of its list: each has to be a record, { topic, value, … }`,
    );
  }
  return returned as readonly SourceRecord[];
}

/** Of a source partition or an offset. @throws DataError in Kafka Connect's words for what cannot be stored. */
export function assertStorable(given: SourcePartition | SourceOffsetValue): void {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw new DataError('Offsets must be specified as a Map');
  for (const name of Object.keys(given)) {
    const value: unknown = given[name];
    if (isPrimitive(value)) continue;
    throw new DataError(
      `Offsets may only contain primitive types as values, but field ${name} contains ${kindOf(value)}`,
    );
  }
}

/** `undefined` is left out, as JSON does. */
function isPrimitive(value: unknown): boolean {
  switch (typeof value) {
    case 'number':
      return Number.isFinite(value);
    case 'string':
    case 'boolean':
    case 'bigint':
    case 'undefined':
      return true;
    default:
      return value === null;
  }
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'number') return Number.isFinite(value) ? 'a number' : String(value);
  if (typeof value !== 'object') return `a ${typeof value}`;
  return 'topic' in value ? 'one record' : `an object (${value.constructor?.name ?? 'Object'})`;
}
