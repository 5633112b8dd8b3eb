/** The numbered records that VerifiableSource and FaultySource write, at a steady rate. */
import { setTimeout as sleep } from 'node:timers/promises';
import { int, long, string, type YieldedRecord } from '@sluice/connector-api';

export const sequenceConfig = {
  topic: string().nonEmpty().importance('high').doc('Topic that the records go to.'),
  throughput: long()
    .default(-1)
    .min(-1)
    .importance('high')
    .doc('Records a second for each task. -1: as many as possible; 0: none.'),
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

/** Records of one batch when there is no limit on the rate. */
const batchRecordsMax = 500;
/** A throttled task yields at most so often, and makes up for at most so much lost time. */
const tickMs = 10;
const arrearsMsMax = 1_000;

/** Batches of records with seqno `from`, `from + 1`, … until the signal is aborted. */
export async function* sequenceOf(sequence: Sequence): AsyncGenerator<YieldedRecord[]> {
  const { throughput, signal } = sequence;
  let seqno = sequence.from;
  if (throughput < 0) {
    while (!signal.aborted) {
      yield batchOf(sequence, seqno, batchRecordsMax);
      seqno += batchRecordsMax;
    }
    return;
  }
  const intervalMs = Math.max(tickMs, throughput === 0 ? arrearsMsMax : 1_000 / throughput);
  let owed = 1; // The first record goes out at once: whoever waits for a sign of life sees one.
  let last = performance.now();
  while (!signal.aborted) {
    const due = throughput === 0 ? 0 : Math.floor(owed);
    if (due > 0) {
      yield batchOf(sequence, seqno, due);
      seqno += due;
      owed -= due;
    }
    await sleep(intervalMs, undefined, { signal });
    const now = performance.now();
    owed += (Math.min(now - last, arrearsMsMax) * throughput) / 1_000;
    last = now;
  }
}

function batchOf(sequence: Sequence, from: number, count: number): YieldedRecord[] {
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

/** Task numbers 0 … max − 1: the work of connectors whose tasks are all alike. */
export function numbered(max: number): { readonly id: number }[] {
  return Array.from({ length: max }, (_, id) => ({ id }));
}
