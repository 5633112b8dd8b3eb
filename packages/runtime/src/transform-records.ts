/** A batch through a connector's transforms, and what that means for its offsets. */
import type { ConversionFailure, SinkRecord, SourceRecord } from '@sluice/connector-api';
import { SluiceError } from '@sluice/kernel';
import type { StageObserver, TransformationChain } from '@sluice/transforms';

import type { BatchFailures } from './errors/batch-failures.ts';

type MaybeSink = readonly (SinkRecord | null)[];

/** Index by index; null: was null, dropped, or given up. @throws SluiceError as `transformRecords`. */
export async function transformSinkRecords(
  records: MaybeSink,
  chain: TransformationChain,
  failures: BatchFailures,
  stages?: StageObserver,
): Promise<MaybeSink> {
  const transformed = await transformRecords(records, chain, failures, stages);
  return transformed.map((record, index) => {
    const read = records[index];
    return record && read ? withOrigin(record, read) : null;
  });
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

/**
 * Index by index; null: was null, dropped, or given up.
 * @throws SluiceError `task.transformation_failed` for the first that must not be left out.
 */
export async function transformRecords<RecordType extends SourceRecord | SinkRecord>(
  records: readonly (RecordType | null)[],
  chain: TransformationChain,
  failures: BatchFailures,
  stages?: StageObserver,
): Promise<readonly (RecordType | null)[]> {
  const transformed = await chain.apply(
    records,
    (stage, failed, redo) =>
      failures.settle({
        stage: 'TRANSFORMATION',
        class: stage.class,
        failures: failed,
        redo,
        refusal: (failure) => refusal(stage, failure, records),
      }),
    stages,
  );
  return transformed.records;
}

function refusal(
  stage: { readonly alias: string; readonly class: string },
  { error, index }: ConversionFailure,
  records: readonly (SourceRecord | SinkRecord | null)[],
): SluiceError {
  const { alias, class: className } = stage;
  const record = records[index];
  const topic = record?.topic ?? '';
  const where =
    record && 'offset' in record
      ? `${topic} partition ${String(record.partition)} offset ${String(record.offset)}`
      : topic;
  return new SluiceError(
    'task.transformation_failed',
    `Tolerance exceeded in error handler: the transformation ${alias} (${className}) failed on a record of ${where}`,
    { details: { transformation: alias, class: className, topic }, cause: error },
  );
}
