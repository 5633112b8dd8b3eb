import { describeRecordLog } from '@sluice/record-log/conformance';
import { MemoryLog, MemoryLogStore } from '@sluice/record-log/memory';

const recordBytesMax = 2_000_000;

describeRecordLog('memory', async () => {
  const store = new MemoryLogStore();
  return {
    connect: () => new MemoryLog(store, { recordBytesMax, defaultPartitions: 2 }),
    defaultPartitions: 2,
    recordBytesMax,
    hasTopicLimits: true,
    deleteRecords: async ({ topic, partition }, beforeOffset) =>
      store.partition(topic, partition)?.deleteBefore(beforeOffset),
    close: async () => {},
  };
});
