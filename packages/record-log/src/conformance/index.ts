import { describe } from 'vitest';

import { testFencing } from './fencing.ts';
import { type MakeLog, useHarness } from './harness.ts';
import { testLifecycle } from './lifecycle.ts';
import { testGroupOffsets, testSourceOffsets } from './offsets.ts';
import { testPeek } from './peek.ts';
import { testPositions } from './positions.ts';
import { testProduce } from './produce.ts';
import { testRead } from './read.ts';
import { testRefusals } from './refusals.ts';
import { testTopics } from './topics.ts';
import { testTransactions } from './transactions.ts';

export {
  count,
  eventually,
  type LogUnderTest,
  type MakeLog,
  newGroup,
  newIdentity,
  newTopicName,
  offsetsOf,
  readRecords,
  records,
  textOf,
  values,
} from './harness.ts';

/**
 * What every record log must do. `makeLog` is called once; each test uses topics, groups and identities of
 * its own, so the log may hold other things.
 *
 * @example
 * describeRecordLog('memory', async () => memoryLogUnderTest());
 */
export function describeRecordLog(
  name: string,
  makeLog: MakeLog,
  { transactions = true }: { readonly transactions?: boolean } = {},
): void {
  describe(`the ${name} log`, () => {
    const harness = useHarness(makeLog);
    describe('topics', () => testTopics(harness));
    describe('produce', () => testProduce(harness));
    describe('refused records', () => testRefusals(harness));
    describe('poll', () => testRead(harness));
    describe('pause, resume and seek', () => testPositions(harness));
    describe('peek', () => testPeek(harness));
    describe('group offsets', () => testGroupOffsets(harness));
    describe('source offsets', () => testSourceOffsets(harness));
    describe('fencing', () => testFencing(harness));
    if (transactions) describe('transactions', () => testTransactions(harness));
    describe('lifecycle', () => testLifecycle(harness));
  });
}
