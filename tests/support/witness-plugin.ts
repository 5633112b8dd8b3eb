/**
 * Connectors for tests, loaded by the workers as a user's module would be. They say which process acted, so
 * that a test can tell the effects of two owners of one task apart, and in which run of the task, so that
 * it can tell whether a task was begun anew.
 */
import { randomUUID } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

import { defineSink, defineSource, int, oneOf, string } from '@sluice/connector-api';

/**
 * A source that writes sequences as VerifiableSource does, with the process and the run that made each
 * record. How many sequences there are does not depend on how many tasks write them.
 */
export const witnessSource = defineSource({
  name: 'WitnessSource',
  version: '1.0.0',
  config: {
    topic: string().nonEmpty(),
    everyMs: int().default(20),
    sequences: int().default(0).doc('0: one for each task.'),
    stop: oneOf('at-once', 'never', 'blocks')
      .default('at-once')
      .doc('never, blocks: the task with the number 0 does not end, or loops, when it is told to.'),
    'stop.once.file': string()
      .default('')
      .doc('File that is written when it happens; while it is there, it does not happen again.'),
  },
  tasks: ({ config, max }) => {
    const sequences = Array.from({ length: config.sequences || max }, (_, id) => id);
    return Array.from({ length: Math.min(max, sequences.length) }, (_, task) => ({
      sequences: sequences.filter((id) => id % max === task),
    }));
  },
  async *run({ config, work, task, offsets, connector, signal }) {
    const run = randomUUID();
    const partitions = work.sequences.map((id) => ({ id }));
    const stored = await offsets(partitions);
    const next = stored.map((offset) => Number(offset?.['seqno'] ?? -1) + 1);
    while (!signal.aborted) {
      const time_ms = Date.now();
      yield partitions.map((sourcePartition, index) => {
        const seqno = next[index] ?? 0;
        next[index] = seqno + 1;
        return {
          topic: config.topic,
          partition: sourcePartition.id,
          value: {
            name: connector,
            task: sourcePartition.id,
            seqno,
            time_ms,
            pid: process.pid,
            run,
          },
          sourcePartition,
          offset: { seqno },
        };
      });
      await sleep(config.everyMs, undefined, { signal }).catch(() => {});
    }
    if (task !== 0 || config.stop === 'at-once' || existsSync(config['stop.once.file'])) return;
    writeFileSync(config['stop.once.file'], '');
    if (config.stop === 'never') await new Promise<never>(() => {});
    for (;;);
  },
});

/** A sink like VerifiableSink whose lines carry the process and the run that wrote them. */
export const witnessSink = defineSink({
  name: 'WitnessSink',
  version: '1.0.0',
  config: { file: string().nonEmpty() },
  setup: () => ({ run: randomUUID() }),
  async put(records, { config, connector, task, state }) {
    if (records.length === 0) return;
    const lines = records.map(({ value, topic, partition, offset }) => {
      const { task: sourceTask, seqno } = value as { task: number; seqno: number };
      return JSON.stringify({
        name: connector,
        task: sourceTask,
        sinkTask: task,
        topic,
        partition,
        offset,
        time_ms: Date.now(),
        seqno,
        pid: process.pid,
        run: state.run,
      });
    });
    await appendFile(config.file, `${lines.join('\n')}\n`);
  },
});

export const plugins = [witnessSource, witnessSink];
