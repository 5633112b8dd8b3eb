/**
 * A sink that takes its time, loaded by the workers as a user's module would be. It checks that the numbers of each
 * sequence follow each other, and keeps count in a file.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import { defineSink, int, string } from '@sluice/connector-api';

export interface SinkCounts {
  readonly delivered: number;
  /** Numbers that were passed over. */
  readonly missing: number;
}

interface Numbered {
  readonly task: number;
  readonly seqno: number;
}

export default defineSink({
  name: 'SlowSink',
  version: '1.0.0',
  config: {
    rate: int().min(1).doc('Records a second, of each task.'),
    file: string().doc('Where it counts; {task} in it becomes the number of the task.'),
  },
  setup: ({ config, task }) => ({
    file: config.file.replaceAll('{task}', String(task)),
    next: new Map<number, number>(),
    counts: { delivered: 0, missing: 0 },
  }),
  async put(records, { config, signal, state }) {
    if (records.length === 0) return;
    await sleep((records.length / config.rate) * 1_000, undefined, { signal });
    for (const { value } of records) {
      const { task, seqno } = value as Numbered;
      const missing = seqno - (state.next.get(task) ?? 0);
      // What comes again is not missing.
      if (missing >= 0) state.next.set(task, seqno + 1);
      state.counts.missing += Math.max(0, missing);
    }
    state.counts.delivered += records.length;
  },
  flush({ state }) {
    // Whoever reads it sees the one or the other.
    writeFileSync(`${state.file}.new`, JSON.stringify(state.counts satisfies SinkCounts));
    renameSync(`${state.file}.new`, state.file);
  },
});
