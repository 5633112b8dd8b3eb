/**
 * A source that writes a sequence as VerifiableSource does and, some time after its start, does what no
 * plugin should do: for testing that the harm stays where it is done.
 */
import { appendFile, readFile } from 'node:fs/promises';
import { defineSource, int, long, oneOf, type SourcePlugin, string } from '@sluice/connector-api';
import { faultNames, misbehave } from './faults.ts';
import { nextSeqno, numbered, sequenceConfig, sequenceOf } from './sequence.ts';

export const faultySource: SourcePlugin = defineSource({
  name: 'FaultySource',
  version: '1.0.0',
  config: {
    ...sequenceConfig,
    throughput: sequenceConfig.throughput.default(10),
    fault: oneOf(...faultNames)
      .importance('high')
      .doc('What it does wrong.'),
    'fault.after.ms': long().default(1_000).min(0).doc('When, in ms after the start of the task.'),
    'fault.task': int().optional().min(0).doc('Number of the task that does it. Without: all.'),
    'fault.once.file': string()
      .optional()
      .doc(
        'File that gets a line each time; with fault.times lines in it, nothing happens any more.',
      ),
    'fault.times': int().default(1).min(1).doc('How often it happens if fault.once.file is set.'),
  },
  tasks: ({ max }) => numbered(max),
  sourcePartition: ({ work }) => ({ id: work.id }),
  async *run({ config, work, offset, connector, signal }) {
    const dueMs = performance.now() + config['fault.after.ms'];
    let willHappen = (config['fault.task'] ?? work.id) === work.id;
    const sequence = sequenceOf({
      name: connector,
      task: work.id,
      topic: config.topic,
      throughput: config.throughput,
      fillerBytes: config['payload.bytes'],
      from: nextSeqno(offset),
      signal,
    });
    for await (const batch of sequence) {
      if (willHappen && performance.now() >= dueMs) {
        willHappen = false;
        if (await countsDown(config['fault.once.file'], config['fault.times']))
          misbehave(config.fault, signal);
      }
      yield batch;
    }
  },
});

/** True while the fault is still to happen; notes it before it does, since nothing may run after it. */
async function countsDown(file: string | undefined, times: number): Promise<boolean> {
  if (file === undefined) return true;
  const lines = await readFile(file, 'utf8').catch(() => '');
  if (lines.split('\n').length - 1 >= times) return false;
  await appendFile(file, `${new Date().toISOString()}\n`);
  return true;
}
