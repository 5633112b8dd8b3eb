/** The log of the contract is one: it passes what every record log has to. */
import { describeRecordLog } from '@sluice/record-log/conformance';
import { MemoryLogStore } from '@sluice/record-log/memory';
import { GatedLog } from '../src/gated-log.ts';

const recordBytesMax = 2_000_000;

describeRecordLog('gated', async () => {
  const store = new MemoryLogStore();
  return {
    // The gate of one client waits for a turn, as one that decides does.
    connect: () =>
      new GatedLog(
        store,
        { produce: () => Promise.resolve('open'), commitGroup: () => 'open' },
        { recordBytesMax, defaultPartitions: 2 },
      ),
    defaultPartitions: 2,
    recordBytesMax,
    hasTopicLimits: true,
    deleteRecords: async ({ topic, partition }, beforeOffset) =>
      store.partition(topic, partition)?.deleteBefore(beforeOffset),
    close: async () => {},
  };
});
