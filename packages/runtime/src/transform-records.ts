/** A batch through a connector's transforms, and what that means for its offsets. */
import type { SinkRecord, SourceRecord } from '@sluice/connector-api';
import { SluiceError } from '@sluice/kernel';
import type { TransformationChain, TransformationFailure } from '@sluice/transforms';

/** Without those that are dropped. @throws SluiceError as `transformRecords`. */
export async function transformSinkRecords(
  records: readonly SinkRecord[],
  chain: TransformationChain,
): Promise<SinkRecord[]> {
  const kept: SinkRecord[] = [];
  for (const [index, transformed] of (await transformRecords(records, chain)).entries()) {
    const record = records[index];
    if (transformed && record) kept.push(withOrigin(transformed, record));
  }
  return kept;
}

/** What is paused, sought and committed is where a record was read, whatever its topic has become. */
function withOrigin(transformed: SinkRecord, read: SinkRecord): SinkRecord {
  const { offset, partition, topic } = read;
  const isMoved =
    transformed.topic !== topic ||
    transformed.partition !== partition ||
    transformed.offset !== offset;
  return isMoved ? { ...transformed, original: { topic, partition, offset } } : transformed;
}

/** Index by index; null: dropped. @throws SluiceError `task.transformation_failed` for the first that failed. */
export async function transformRecords<RecordType extends SourceRecord | SinkRecord>(
  records: readonly RecordType[],
  chain: TransformationChain,
): Promise<readonly (RecordType | null)[]> {
  const transformed = await chain.apply(records);
  refuseTransformation(transformed.failures, records);
  return transformed.records;
}

/** Without error tolerance the first failure fails the task. */
function refuseTransformation(
  failures: readonly TransformationFailure[],
  records: readonly (SourceRecord | SinkRecord)[],
): void {
  const [first] = failures.toSorted((one, other) => one.index - other.index);
  if (!first) return;
  const { alias, error } = first;
  const record = records[first.index];
  const topic = record?.topic ?? '';
  const where =
    record && 'offset' in record
      ? `${topic} partition ${String(record.partition)} offset ${String(record.offset)}`
      : topic;
  throw new SluiceError(
    'task.transformation_failed',
    `Tolerance exceeded in error handler: the transformation ${alias} (${first.class}) failed on a record of ${where}`,
    { details: { transformation: alias, class: first.class, topic }, cause: error },
  );
}
