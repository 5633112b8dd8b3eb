import { ConnectError, defineSource, RetriableError } from '@sluice/connector-api';
import { expect, test } from 'vitest';
import { PolledSource } from '../src/index.ts';

/** Counts on from its offset, and says so. */
const counter = defineSource({
  name: 'counter',
  version: '1.0.0',
  config: {},
  setup: () => ({ runs: 0 }),
  async *run({ logger, offset, state }) {
    state.runs += 1;
    const from = Number(offset?.['n'] ?? 0);
    logger.info({ from }, 'counting');
    yield { topic: 't', value: from + 1, offset: { n: from + 1 } };
    yield { topic: '', offset: { n: from + 2 }, isOffsetOnly: true };
    yield { topic: 't', value: null, offset: { n: from + 3 } };
    if (state.runs === 1) throw new RetriableError('not now');
    throw new ConnectError('not at all');
  },
});

test('what is polled is kept and stored, until the task fails for good', async () => {
  await using source = new PolledSource(counter, {}, { offset: { n: 10 } });
  await source.start();
  expect(await source.untilFailure()).toBe('not at all');
  expect(source.values('t')).toEqual([11, 14]);
  expect(source.records).toHaveLength(4);
  expect(source.lines.map(({ fields, level }) => ({ level, ...fields }))).toEqual([
    { level: 'info', from: 10 },
    { level: 'info', from: 13 },
  ]);
  expect([source.retries, source.offset]).toEqual([1, { n: 16 }]);
  await expect(source.until('more', () => false)).rejects.toThrow('the task failed: not at all');
});

test('one that is halted is not polled, and one that does not store forgets', async () => {
  await using source = new PolledSource(counter, {}, { stores: false });
  source.isHalted = true;
  await source.start();
  await expect(source.until('a record', () => source.records.length > 0, 100)).rejects.toThrow(
    'waited 100 ms until a record',
  );
  source.isHalted = false;
  await source.untilFailure();
  expect(source.offset).toBeUndefined();
});
