import type { ProduceRecord } from './record-log.ts';

/** As Kafka's `max.poll.records`. */
export const pollRecordsMaxDefault = 500;
/** A few polls of 1 KB records ahead, and still bearable for a hundred readers in one process. */
export const prefetchBytesMaxDefault = 4 * 1024 * 1024;
/** Larger than Kafka's 1 MiB, since nobody has to configure brokers for it; no document store. */
export const recordBytesMaxDefault = 8 * 1024 * 1024;

/** What a record counts for against limits: key, value and headers, without the log's own fields. */
export function recordBytes({ key, value, headers }: ProduceRecord): number {
  let bytes = (key === null ? 0 : key.length) + (value === null ? 0 : value.length);
  if (headers === undefined) return bytes;
  for (const [name, content] of headers) {
    bytes += Buffer.byteLength(name) + (content === null ? 0 : content.length);
  }
  return bytes;
}
