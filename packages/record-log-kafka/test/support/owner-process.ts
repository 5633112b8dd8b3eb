/**
 * An owner in a process of its own, to be frozen and killed: opens an identity under a fence and writes what it
 * may until it is refused. Each line that it prints is an event of `owner-events.ts`.
 */
import { isFenced, SluiceError, toError } from '@sluice/kernel';
import { isOutcomeUnknown, type LogWriter, type RecordLog } from '@sluice/record-log';

import { KafkaLog } from '../../src/index.ts';
import type { OwnerEvent, OwnerTask } from './owner-events.ts';

const task = JSON.parse(process.argv[2] ?? '{}') as OwnerTask;
const { brokers, cluster, identity, group, partition, connector, source } = task;
const log = new KafkaLog({ brokers, cluster, clientId: `owner-${identity.fence}` });
await log.start();
try {
  await { sink: commit, source: produce, transactions: transact }[task.kind](log);
} catch (error) {
  tell(refusal(toError(error)));
  if (!isFenced(error)) process.exitCode = 1;
}
await log.stop();

/** Offsets 1, 2, 3, … */
async function commit(target: RecordLog): Promise<void> {
  const reader = await target.openReader({ identity, group });
  await reader.assign([partition]);
  tell({ type: 'opened' });
  for (let offset = 1; ; offset += 1) {
    await reader.commit([{ ...partition, offset }]);
    tell({ type: 'done', number: offset });
  }
}

/** Records `<fence>.1`, `<fence>.2`, …, many of them in flight, and the offset of the last that arrived. */
async function produce(target: RecordLog): Promise<void> {
  const writer = await target.openWriter({ ...identity });
  tell({ type: 'opened' });
  const padding = 'x'.repeat(20_000);
  const failed = Promise.withResolvers<never>();
  const pending = new Set<Promise<unknown>>();
  for (let number = 1; ; number += 1) {
    const value = Buffer.from(`${identity.fence}.${number} ${padding}`);
    const { topic } = partition;
    const produced = writer
      .produce([{ topic, records: [{ key: null, value, partition: partition.partition }] }])
      .then(() => tell({ type: 'done', number }))
      .catch((error: unknown) => failed.reject(error))
      .finally(() => pending.delete(produced));
    pending.add(produced);
    if (number % 20 === 0) {
      const offsets = [{ partition: source, offset: { fence: identity.fence, number } }];
      await Promise.race([writer.commitSourceOffsets(connector, offsets), failed.promise]);
    }
    while (pending.size > 40) await Promise.race([...pending, failed.promise]);
  }
}

/** Goes on at the stored offset, also where it is not known whether the last transaction was committed. */
async function transact(target: RecordLog): Promise<void> {
  for (;;) {
    const writer = await target.openWriter({ ...identity });
    const [stored] = await target.readSourceOffsets(connector, [source]);
    tell({ type: 'opened' });
    try {
      await transactFrom(writer, Number(stored?.['number'] ?? 0));
    } catch (error) {
      if (!isOutcomeUnknown(error)) throw error;
      await writer.close();
    }
  }
}

/** Some records more and the offset after them in each transaction. */
async function transactFrom(writer: LogWriter, stored: number): Promise<never> {
  for (let number = stored; ; ) {
    const records = Array.from({ length: 1 + (number % 7) }, (_, index) => ({
      key: null,
      value: Buffer.from(String(number + index + 1)),
      partition: partition.partition,
    }));
    number += records.length;
    const offsets = [{ partition: source, offset: { number } }];
    const { topic } = partition;
    await writer.transact?.({ connector, batches: [{ topic, records }], offsets });
    tell({ type: 'done', number });
  }
}

function refusal(error: Error): OwnerEvent {
  const cause = error.cause instanceof SluiceError ? error.cause.details['errorCode'] : undefined;
  return {
    type: 'refused',
    code: error instanceof SluiceError ? error.code : error.message,
    brokerCode: typeof cause === 'number' ? cause : undefined,
  };
}

function tell(event: OwnerEvent): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}
