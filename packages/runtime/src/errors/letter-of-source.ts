/**
 * A source's record as a dead letter. There are no original bytes, so the record goes there as far as it got: as
 * the transforms left it (as it was polled, if one of them failed), each part through its converter, and as JSON
 * where that does not take it. A header tells which part is JSON.
 */
import type { Converter, Schema, SourceRecord } from '@sluice/connector-api';
import type { Header, ProduceRecord } from '@sluice/record-log';

import type { TaskConverters } from '../task-converters.ts';
import type { DeadLetterSettings } from './error-settings.ts';
import { sluiceHeaders } from './failed-record.ts';
import { jsonText } from './json-text.ts';

const nothing: ProduceRecord = { key: null, value: null };

export async function convertedAsFarAsPossible(
  record: SourceRecord,
  { header, key, value }: TaskConverters,
  settings: DeadLetterSettings | undefined,
): Promise<ProduceRecord> {
  if (!settings) return nothing;
  const { topic } = record;
  const keyPart = await convert(key, topic, record.key, record.keySchema);
  const valuePart = await convert(value, topic, record.value, record.valueSchema);
  const headers: Header[] = [];
  for (const own of record.headers ?? [])
    headers.push([own.name, (await convert(header, topic, own.value, own.schema)).bytes]);
  if (keyPart.isJson) headers.push([sluiceHeaders.keyEncoding, Buffer.from('json')]);
  if (valuePart.isJson) headers.push([sluiceHeaders.valueEncoding, Buffer.from('json')]);
  const { sourceOffset, sourcePartition, timestampMs } = record;
  if (settings.hasContextHeaders && sourcePartition)
    headers.push([sluiceHeaders.partition, Buffer.from(jsonText(sourcePartition))]);
  if (settings.hasContextHeaders && sourceOffset)
    headers.push([sluiceHeaders.offset, Buffer.from(jsonText(sourceOffset))]);
  const converted = { key: keyPart.bytes, value: valuePart.bytes, headers };
  return timestampMs === undefined ? converted : { ...converted, timestampMs };
}

interface Converted {
  readonly bytes: Uint8Array | null;
  readonly isJson: boolean;
}

async function convert(
  converter: Converter,
  topic: string,
  value: unknown,
  schema: Schema | undefined,
): Promise<Converted> {
  if (!schema && (value === null || value === undefined)) return { bytes: null, isJson: false };
  try {
    const values = [value];
    const { bytes, failures } = await converter.toBytes(
      schema ? { topic, values, schemas: [schema] } : { topic, values },
    );
    if (failures.length === 0) return { bytes: bytes[0] ?? null, isJson: false };
  } catch {
    // Whatever it says is in the letter already.
  }
  return { bytes: Buffer.from(jsonText(value)), isJson: true };
}
