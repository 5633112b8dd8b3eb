/**
 * Produces what the log takes of a call: the log names the records that it refuses, and the others are sent again as
 * far as they were not appended with them. Nothing is appended twice, and records keep their order.
 */
import {
  type ProduceAck,
  type ProduceRecord,
  RecordsRefusedError,
  type TopicBatch,
} from '@sluice/record-log';

export interface RefusedRecord {
  /** Into the topics that were given. */
  readonly topic: number;
  /** Into the topic's records. */
  readonly index: number;
  readonly record: ProduceRecord;
  readonly error: Error;
}

export interface ProducedParts {
  /** One for each topic; partition and offset are -1 where the record was refused. */
  readonly acks: readonly ProduceAck[];
  readonly refused: readonly RefusedRecord[];
}

/** One of the topics that were given, or what is left to send of it. */
interface Part {
  readonly topic: number;
  /** Of its records, into those of the topic. */
  readonly indices: readonly number[];
  readonly batch: TopicBatch;
}

/** `isTolerable`: whether what is refused may be left out. @throws whatever else `produce` throws. */
export async function produceTolerantly(
  topics: readonly TopicBatch[],
  produce: (batches: readonly TopicBatch[]) => Promise<readonly ProduceAck[]>,
  isTolerable: (error: RecordsRefusedError) => boolean,
): Promise<ProducedParts> {
  let refusal: RecordsRefusedError | undefined;
  const attempt = async (batches: readonly TopicBatch[]): Promise<readonly ProduceAck[]> => {
    refusal = undefined;
    try {
      return await produce(batches);
    } catch (error) {
      if (!(error instanceof RecordsRefusedError) || !isTolerable(error)) throw error;
      refusal = error;
      return error.acks;
    }
  };
  const first = await attempt(topics);
  if (!refusal) return { acks: first, refused: [] };

  const acks = topics.map(({ records, topic }) => ({
    topic,
    partitions: records.map(() => -1),
    offsets: records.map(() => -1),
  }));
  const refused: RefusedRecord[] = [];
  let parts = topics.map((batch, topic): Part => {
    return { topic, indices: batch.records.map((_, index) => index), batch };
  });
  let answers = first;
  for (;;) {
    noteAppended(parts, answers, acks);
    const own = refusal ? refusedOf(parts, refusal) : [];
    refused.push(...own);
    parts = restOf(parts, answers, own);
    // Each refusal names at least one record, so that this comes to an end.
    if (parts.length === 0) return { acks, refused };
    answers = await attempt(parts.map(({ batch }) => batch));
  }
}

function noteAppended(
  parts: readonly Part[],
  answers: readonly ProduceAck[],
  acks: readonly { readonly partitions: number[]; readonly offsets: number[] }[],
): void {
  for (const [number, { indices, topic }] of parts.entries())
    for (const [position, index] of indices.entries()) {
      const ack = acks[topic];
      const offset = answers[number]?.offsets[position] ?? -1;
      if (!ack || offset < 0) continue;
      ack.offsets[index] = offset;
      ack.partitions[index] = answers[number]?.partitions[position] ?? -1;
    }
}

function refusedOf(parts: readonly Part[], { refused }: RecordsRefusedError): RefusedRecord[] {
  return refused.flatMap(({ batch: number, error, index: position }) => {
    const part = parts[number];
    const record = part?.batch.records[position];
    const index = part?.indices[position];
    return part && record && index !== undefined
      ? [{ topic: part.topic, index, record, error }]
      : [];
  });
}

/** What was neither appended nor refused. */
function restOf(
  parts: readonly Part[],
  answers: readonly ProduceAck[],
  refused: readonly RefusedRecord[],
): Part[] {
  const isRefused = new Set(refused.map(({ record }) => record));
  return parts.flatMap(({ batch, indices, topic }, number) => {
    const left = batch.records.flatMap((record, position) =>
      (answers[number]?.offsets[position] ?? -1) < 0 && !isRefused.has(record) ? [position] : [],
    );
    if (left.length === 0) return [];
    return {
      topic,
      indices: left.flatMap((position) => indices[position] ?? []),
      batch: {
        topic: batch.topic,
        records: left.flatMap((position) => batch.records[position] ?? []),
      },
    };
  });
}
