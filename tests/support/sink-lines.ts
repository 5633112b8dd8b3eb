/** What a VerifiableSink wrote to its file, and whether what it committed is really there. */
import { newShortId } from '@sluice/kernel';
import type { RecordLog, TopicPartition } from '@sluice/record-log';
import { waitFor } from '@sluice/testkit';

import { linesIn } from './numbered-file.ts';
import { holesIn } from './sequence-observer.ts';

export interface SinkLine {
  readonly name: string;
  /** Number of the source's task. */
  readonly task: number;
  readonly sinkTask: number;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly time_ms: number;
  readonly seqno: number;
  readonly flushed?: true;
  /** Process that wrote it, if the sink says so. */
  readonly pid?: number;
  /** Run of the task that wrote it, if the sink says so. */
  readonly run?: string;
}

export interface SinkIntegrity {
  readonly records: number;
  /** Offsets below the highest of their partition that were never put. */
  readonly missing: readonly string[];
  readonly duplicates: number;
}

/** Of `put`, without the lines that say what was flushed. */
export function sinkLines(path: string): SinkLine[] {
  return linesIn(path)
    .map((line) => JSON.parse(line) as SinkLine)
    .filter(({ flushed }) => flushed === undefined);
}

export function sinkIntegrity(lines: readonly SinkLine[]): SinkIntegrity {
  let duplicates = 0;
  const missing: string[] = [];
  for (const [partition, offsets] of offsetsByPartition(lines)) {
    duplicates += offsets.length - new Set(offsets).size;
    missing.push(...holesIn(offsets).map((offset) => `${partition}: ${offset}`));
  }
  return { records: lines.length, missing, duplicates };
}

/**
 * Offsets of records that are committed although no line in the file shows that they were put. (Others are no
 * records: a new owner leaves a mark of its own in Kafka's partitions.)
 */
export async function committedButNotPut(
  log: RecordLog,
  group: string,
  read: () => readonly SinkLine[],
): Promise<string[]> {
  // In this order: what is committed now was put before, so it must be in the file by now.
  const committed = await log.listGroupOffsets(group);
  const put = offsetsByPartition(read());
  const unseen: string[] = [];
  for (const { topic, partition, offset } of committed) {
    const seen = new Set(put.get(`${topic}-${partition}`));
    if (seen.size >= offset) continue;
    for (const each of await recordsBelow(log, { topic, partition }, offset)) {
      if (!seen.has(each)) unseen.push(`${topic}-${partition}: ${each}`);
    }
  }
  return unseen;
}

async function recordsBelow(
  log: RecordLog,
  partition: TopicPartition,
  end: number,
): Promise<number[]> {
  const identity = { id: `auditor-${newShortId()}`, fence: 1 };
  const reader = await log.openReader({ identity, group: identity.id });
  try {
    await reader.assign([partition]);
    const offsets: number[] = [];
    await waitFor(
      async () => {
        for (const { records } of await reader.poll(200)) {
          offsets.push(...records.map(({ offset }) => offset));
        }
        return (reader.position(partition) ?? 0) >= end;
      },
      { what: `the records of ${partition.topic}-${partition.partition} to be read` },
    );
    return offsets.filter((offset) => offset < end);
  } finally {
    await reader.close();
  }
}

function offsetsByPartition(lines: readonly SinkLine[]): Map<string, number[]> {
  const offsets = new Map<string, number[]>();
  for (const { topic, partition, offset } of lines) {
    const name = `${topic}-${partition}`;
    const known = offsets.get(name);
    if (known) known.push(offset);
    else offsets.set(name, [offset]);
  }
  return offsets;
}
