/** What a VerifiableSink wrote to its file, and whether what it committed is really there. */
import type { RecordLog } from '@sluice/record-log';

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

/** Offsets that are committed although no line in the file shows that they were put. */
export async function committedButNotPut(
  log: RecordLog,
  group: string,
  read: () => readonly SinkLine[],
): Promise<string[]> {
  // In this order: what is committed now was put before, so it must be in the file by now.
  const committed = await log.listGroupOffsets(group);
  const put = offsetsByPartition(read());
  return committed.flatMap(({ topic, partition, offset }) => {
    const seen = new Set(put.get(`${topic}-${partition}`));
    const unseen = Array.from({ length: offset }, (_, each) => each).filter(
      (each) => !seen.has(each),
    );
    return unseen.map((each) => `${topic}-${partition}: ${each}`);
  });
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
