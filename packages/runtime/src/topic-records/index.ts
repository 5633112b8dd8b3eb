/** `@sluice/runtime/records`: what topics hold, for people. */
export {
  type RecordsPage,
  type RecordsQuery,
  recordsPage,
  type Start,
  type TopicPartitionRange,
  type TopicRecord,
} from './records-page.ts';
