export {
  closedError,
  fencedError,
  isOutcomeUnknown,
  notAssignedError,
  outcomeUnknownError,
  recordTooLargeError,
  topicExistsError,
  unknownPartitionError,
} from './errors.ts';
export {
  pollRecordsMaxDefault,
  prefetchBytesMaxDefault,
  recordBytes,
  recordBytesMaxDefault,
} from './limits.ts';
export {
  assertOffsets,
  assertPartition,
  assertTopicName,
  parsePartitionName,
  partitionName,
  sourcePartitionName,
} from './names.ts';
export { KeylessPartitions, murmur2, partitionForKey } from './partitioner.ts';
export { PollWait } from './poll-wait.ts';
export type {
  FetchedBatch,
  FetchedRecord,
  GroupOffset,
  Header,
  LogCapabilities,
  LogReader,
  LogServer,
  LogTopics,
  LogWriter,
  ProduceAck,
  ProduceRecord,
  ReaderOptions,
  RecordLog,
  SourceOffset,
  SourceTransaction,
  TopicBatch,
  TopicPartition,
  WriterIdentity,
} from './record-log.ts';
export {
  assertPartitions,
  assertRecords,
  nothingAppended,
  RecordsRefusedError,
  type RefusedRecord,
} from './refusals.ts';
export { type HeadersFormat, HeadersReader, HeadersWriter } from './repeated-headers.ts';
