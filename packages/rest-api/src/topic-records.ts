/** The port to what topics hold, which is in the record log. */
import type { RecordsAnswer } from './shapes.ts';

export interface RecordsQuery {
  readonly connector: string;
  /** Of the connector, whose converters read what is shown. */
  readonly config: Readonly<Record<string, string>>;
  readonly topic: string;
  readonly limit: number;
  readonly partition?: number | undefined;
  /** One of these at most; none: the newest. */
  readonly before?: string | undefined;
  readonly from?: string | undefined;
  /** ms since 1970 */
  readonly since?: number | undefined;
}

export interface TopicRecords {
  /** Bounded in count, bytes and time. Nobody who reads the topic notices. @throws ApiError */
  page(query: RecordsQuery): Promise<RecordsAnswer>;
}
