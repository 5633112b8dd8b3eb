/** The numbered records that VerifiableSource and FaultySource write, at a steady rate. */
import { int, long, string, type YieldedRecord } from '@sluice/connector-api';
import { type Due, pacedRanges } from './pace.ts';

export const throughputKey = long()
  .default(-1)
  .min(-1)
  .importance('high')
  .doc('Records a second for each task. -1: as many as possible; 0: none.');

export const topicKey = string().nonEmpty().importance('high').doc('Topic that the records go to.');

export const sequenceConfig = {
  topic: topicKey,
  throughput: throughputKey,
  'payload.bytes': int()
    .default(0)
    .min(0)
    .importance('low')
    .doc('Length of a filler text in each value, to make records as large as real ones.'),
};

export interface Sequence {
  readonly name: string;
  readonly task: number;
  readonly topic: string;
  readonly throughput: number;
  readonly fillerBytes: number;
  /** First number to write. */
  readonly from: number;
  readonly signal: AbortSignal;
}

/** Batches of records with seqno `from`, `from + 1`, … until the signal is aborted. */
export async function* sequenceOf(sequence: Sequence): AsyncGenerator<YieldedRecord[]> {
  for await (const due of pacedRanges(sequence)) yield batchOf(sequence, due);
}

function batchOf(sequence: Sequence, { from, count }: Due): YieldedRecord[] {
  const { name, task, topic, fillerBytes } = sequence;
  const time = Date.now();
  const filler = fillerBytes > 0 ? { filler: 'x'.repeat(fillerBytes) } : {};
  return Array.from({ length: count }, (_, index) => {
    const seqno = from + index;
    return {
      topic,
      key: task,
      value: { name, task, topic, time_ms: time, seqno, ...filler },
      offset: { seqno },
    };
  });
}

/** The number after the one that was stored. */
export function nextSeqno(offset: Readonly<Record<string, unknown>> | undefined): number {
  return offset === undefined ? 0 : Number(offset['seqno']) + 1;
}

/** Task numbers 0 … max − 1: the work of connectors whose tasks are all alike. */
export function numbered(max: number): { readonly id: number }[] {
  return Array.from({ length: max }, (_, id) => ({ id }));
}
