/**
 * Produces a call of which the log refused a record: halves it until those that it refuses are alone. Order is
 * kept for each topic, since one part follows the other; a refused call appended nothing.
 */
import type { ProduceAck, ProduceRecord, TopicBatch } from '@sluice/record-log';

export interface RefusedRecord {
  /** Into the topics that were given. */
  readonly topic: number;
  /** Into the topic's records. */
  readonly index: number;
  readonly record: ProduceRecord;
  readonly error: unknown;
}

export interface ProducedParts {
  /** One for each topic; partition and offset are -1 where the record was refused. */
  readonly acks: readonly ProduceAck[];
  readonly refused: readonly RefusedRecord[];
}

interface Entry {
  readonly topic: number;
  readonly index: number;
  readonly record: ProduceRecord;
}

export async function produceTolerantly(
  topics: readonly TopicBatch[],
  produce: (batches: readonly TopicBatch[]) => Promise<readonly ProduceAck[]>,
  isTolerable: (error: unknown) => boolean,
): Promise<ProducedParts> {
  const acks = topics.map(({ records, topic }) => ({
    topic,
    partitions: records.map(() => -1),
    offsets: records.map(() => -1),
  }));
  const refused: RefusedRecord[] = [];
  const send = async (entries: readonly Entry[]): Promise<void> => {
    const runs = byTopic(entries);
    try {
      const answers = await produce(
        runs.map((run) => ({
          topic: topics[run[0]?.topic ?? 0]?.topic ?? '',
          records: run.map(({ record }) => record),
        })),
      );
      for (const [number, run] of runs.entries())
        for (const [position, { index, topic }] of run.entries()) {
          const ack = acks[topic];
          if (!ack) continue;
          ack.partitions[index] = answers[number]?.partitions[position] ?? -1;
          ack.offsets[index] = answers[number]?.offsets[position] ?? -1;
        }
    } catch (error) {
      if (!isTolerable(error)) throw error;
      const [only] = entries;
      if (only && entries.length === 1) {
        refused.push({ ...only, error });
        return;
      }
      const middle = Math.ceil(entries.length / 2);
      await send(entries.slice(0, middle));
      await send(entries.slice(middle));
    }
  };
  await send(
    topics.flatMap(({ records }, topic) =>
      records.map((record, index): Entry => ({ topic, index, record })),
    ),
  );
  return { acks, refused };
}

/** Neighbours of one topic together. */
function byTopic(entries: readonly Entry[]): Entry[][] {
  const runs: Entry[][] = [];
  for (const entry of entries) {
    const last = runs.at(-1);
    if (last?.[0]?.topic === entry.topic) last.push(entry);
    else runs.push([entry]);
  }
  return runs;
}
