import { SluiceError } from '@sluice/kernel';
import { MemoryLog, MemoryLogStore } from '@sluice/record-log/memory';
import { expect, test } from 'vitest';

import { LateLog } from '../src/index.ts';

const identity = { id: 'task/orders/0', fence: 1 };

test('it is started by what uses it first, once for all who come meanwhile', async () => {
  const log = new MemoryLogThatStarts([]);
  const late = new LateLog(log);
  const [writer] = await Promise.all([
    late.openWriter(identity),
    late.topics.list(),
    late.listGroupOffsets('connect-orders'),
  ]);
  await writer.produce([{ topic: 'orders', records: [{ key: null, value: null }] }]);
  expect(await late.topics.list()).toEqual(['orders']);
  expect(log.starts).toBe(1);
});

test('what keeps it from being started is retriable, and the next use tries again', async () => {
  const denied = new SluiceError('log.forbidden', 'the password is wrong');
  const log = new MemoryLogThatStarts([denied, new Error('odd')]);
  const late = new LateLog(log);
  await expect(late.openWriter(identity)).rejects.toMatchObject({
    code: 'log.forbidden',
    message: 'the password is wrong',
    retriable: true,
  });
  await expect(late.topics.list()).rejects.toMatchObject({ message: 'odd', retriable: true });
  expect(await late.topics.list()).toEqual([]);
  expect(log.starts).toBe(3);
});

test('once it was started, its errors are its own', async () => {
  const late = new LateLog(new MemoryLogThatStarts([]));
  await late.start();
  await expect(late.topics.create('not a name', { partitions: 1 })).rejects.toMatchObject({
    code: 'log.invalid_topic',
    retriable: false,
  });
});

/** Fails to start with one error after the other. */
class MemoryLogThatStarts extends MemoryLog {
  readonly #failures: Error[];
  starts = 0;

  constructor(failures: readonly Error[]) {
    super(new MemoryLogStore());
    this.#failures = [...failures];
  }

  override async start(): Promise<void> {
    this.starts += 1;
    const failure = this.#failures.shift();
    if (failure) throw failure;
    await super.start();
  }
}
