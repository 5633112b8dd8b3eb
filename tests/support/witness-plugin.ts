/**
 * Connectors for tests, loaded by the workers as a user's module would be. They say which process acted, so
 * that a test can tell the effects of two owners of one task apart.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

import { defineSink, defineSource, int, oneOf, string } from '@sluice/connector-api';

/** A source like VerifiableSource whose records carry the pid of the process that made them. */
export const witnessSource = defineSource({
  name: 'WitnessSource',
  version: '1.0.0',
  config: {
    topic: string().nonEmpty(),
    everyMs: int().default(20),
    stop: oneOf('at-once', 'never', 'blocks')
      .default('at-once')
      .doc('never, blocks: the task with the number 0 does not end, or loops, when it is told to.'),
    'stop.once.file': string()
      .default('')
      .doc('File that is written when it happens; while it is there, it does not happen again.'),
  },
  tasks: ({ max }) => Array.from({ length: max }, (_, id) => ({ id })),
  sourcePartition: ({ work }) => ({ id: work.id }),
  async *run({ config, work, offset, connector, signal }) {
    for (let seqno = Number(offset?.['seqno'] ?? -1) + 1; !signal.aborted; seqno += 1) {
      yield {
        topic: config.topic,
        key: work.id,
        value: { name: connector, task: work.id, seqno, time_ms: Date.now(), pid: process.pid },
        offset: { seqno },
      };
      await sleep(config.everyMs, undefined, { signal }).catch(() => {});
    }
    if (work.id !== 0 || config.stop === 'at-once' || existsSync(config['stop.once.file'])) return;
    writeFileSync(config['stop.once.file'], '');
    if (config.stop === 'never') await new Promise<never>(() => {});
    for (;;);
  },
});

/** A sink like VerifiableSink whose lines carry the pid of the process that wrote them. */
export const witnessSink = defineSink({
  name: 'WitnessSink',
  version: '1.0.0',
  config: { file: string().nonEmpty() },
  async put(records, { config, connector, task }) {
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
      });
    });
    await appendFile(config.file, `${lines.join('\n')}\n`);
  },
});

export const plugins = [witnessSource, witnessSink];
