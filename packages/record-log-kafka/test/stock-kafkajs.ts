import { createRequire } from 'node:module';
import type { FetchedRecord, Header, ProduceRecord } from '@sluice/record-log';

/** kafkajs's own encoders and decoders, as they are, to compare ours with. */
const require = createRequire(import.meta.url);

interface StockRequest {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly apiName: string;
  readonly encode: () => Promise<{ readonly buffer: Buffer }>;
}

export async function stockEncode(
  name: string,
  version: number,
  request: Readonly<Record<string, unknown>>,
): Promise<{ apiKey: number; apiName: string; bytes: Buffer }> {
  const create = require(`kafkajs/src/protocol/requests/${name}/v${version}/request`) as (
    request: object,
  ) => StockRequest;
  const { apiKey, apiName, encode } = create(request);
  return { apiKey, apiName, bytes: (await encode()).buffer };
}

/** Of a request whose body has so many bytes. */
export async function stockHeader(
  request: { readonly apiKey: number; readonly apiVersion: number },
  correlationId: number,
  clientId: string,
  bodyBytes: number,
): Promise<Buffer> {
  const Encoder = require('kafkajs/src/protocol/encoder') as new () => {
    writeBuffer: (bytes: Buffer) => object;
  };
  const createRequest = require('kafkajs/src/protocol/request') as (
    options: object,
  ) => Promise<{ readonly buffer: Buffer }>;
  const encode = async (): Promise<object> => new Encoder().writeBuffer(Buffer.alloc(bodyBytes));
  const { buffer } = await createRequest({
    correlationId,
    clientId,
    request: { ...request, encode },
  });
  return buffer.subarray(0, buffer.length - bodyBytes);
}

/** kafkajs takes no header with a null value. */
export function toStockMessage({ key, value, headers, timestampMs }: ProduceRecord): object {
  return {
    key,
    value,
    ...(timestampMs === undefined ? {} : { timestamp: timestampMs }),
    ...(headers === undefined ? {} : { headers: Object.fromEntries(headers) }),
  };
}

export interface StockBatchOptions {
  readonly compression?: number;
  readonly transactional?: boolean;
  readonly producerId?: number;
  readonly producerEpoch?: number;
  readonly firstSequence?: number;
  readonly firstOffset?: number;
  readonly firstTimestamp?: number;
  readonly maxTimestamp?: number;
  readonly lastOffsetDelta?: number;
}

export async function stockBatch(
  records: readonly ProduceRecord[],
  options: StockBatchOptions = {},
): Promise<Buffer> {
  const encodeRecord = require('kafkajs/src/protocol/recordBatch/record/v0') as (
    record: object,
  ) => object;
  const { RecordBatch } = require('kafkajs/src/protocol/recordBatch/v0') as {
    RecordBatch: (options: object) => Promise<{ readonly buffer: Buffer }>;
  };
  const { firstTimestamp = records[0]?.timestampMs ?? 0 } = options;
  const batch = await RecordBatch({
    firstTimestamp,
    maxTimestamp: firstTimestamp,
    lastOffsetDelta: records.length - 1,
    ...options,
    records: records.map((record, offsetDelta) =>
      encodeRecord({
        ...toStockMessage(record),
        offsetDelta,
        timestampDelta: (record.timestampMs ?? firstTimestamp) - firstTimestamp,
      }),
    ),
  });
  return batch.buffer;
}

export async function stockDecodeBatch(batch: Buffer): Promise<FetchedRecord[]> {
  const decodeMessages = require('kafkajs/src/protocol/requests/fetch/v4/decodeMessages') as (
    decoder: object,
  ) => Promise<StockMessage[]>;
  const Decoder = require('kafkajs/src/protocol/decoder') as new (buffer: Buffer) => object;
  const sized = Buffer.alloc(4 + batch.length);
  sized.writeInt32BE(batch.length, 0);
  batch.copy(sized, 4);
  const messages = await decodeMessages(new Decoder(sized));
  return messages.map(({ offset, timestamp, key, value, headers }) => ({
    offset: Number(offset),
    timestampMs: Number(timestamp),
    key,
    value,
    headers: Object.entries(headers).map(([name, content]): Header => [name, content]),
  }));
}

interface StockMessage {
  readonly offset: string;
  readonly timestamp: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, Buffer>>;
}
