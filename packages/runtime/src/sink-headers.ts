/** The headers of what a sink reads, through its converter of headers. */
import { type RecordHeader, schemas } from '@sluice/connector-api';
import type { FetchedRecord, Header } from '@sluice/record-log';

import { type Data, fromBytes, type Part, wholeFromBytes } from './convert-batch.ts';
import { traceContextOf } from './tracing/producers.ts';

/** For each record; undefined: none of them has any. */
export async function fromHeaders(
  part: Part,
  records: readonly FetchedRecord[],
): Promise<readonly (readonly RecordHeader[])[] | undefined> {
  if (!records.some(({ headers }) => headers.length > 0)) return undefined;
  const contextOf = textReaders.has(part.converters.classes.header)
    ? (): undefined => undefined
    : traceContextOf;
  // A log gives one array to records in a row whose headers are the same, as the trace of their batch: read once.
  const different = records.filter(
    ({ headers }, index) => index === 0 || headers !== records[index - 1]?.headers,
  );
  if (different.length < records.length) {
    const { bytes } = toConvert(different, contextOf);
    const data = bytes.length > 0 ? await wholeFromBytes(part, bytes) : nothing;
    if (data) return spread(converted(different, data, contextOf), records);
  }
  const { bytes, owners } = toConvert(records, contextOf);
  const ownerOf = (index: number): number => owners[index] ?? 0;
  const own: Part = {
    ...part,
    at: (index) => part.at(ownerOf(index)),
    where: (index) => part.where(ownerOf(index)),
  };
  const data = bytes.length > 0 ? await fromBytes(own, bytes) : nothing;
  return converted(records, data, contextOf);
}

const nothing: Data = { values: [] };

/** Those that read any text. */
const textReaders = new Set([
  'org.apache.kafka.connect.storage.SimpleHeaderConverter',
  'org.apache.kafka.connect.storage.StringConverter',
  'org.apache.kafka.connect.converters.ByteArrayConverter',
]);

/**
 * Tracers write trace contexts as text, whatever converter the other headers are written with: one that would refuse them
 * (JSON, numbers) is not asked.
 */
type ContextOf = (header: Header) => string | undefined;

/** `owners`: index by index with `bytes`, which of the records it is a header of. */
function toConvert(
  records: readonly FetchedRecord[],
  contextOf: ContextOf,
): { readonly bytes: readonly (Uint8Array | null)[]; readonly owners: readonly number[] } {
  const bytes: (Uint8Array | null)[] = [];
  const owners: number[] = [];
  for (const [index, { headers }] of records.entries())
    for (const header of headers) {
      if (contextOf(header) !== undefined) continue;
      bytes.push(header[1]);
      owners.push(index);
    }
  return { bytes, owners };
}

function converted(
  records: readonly FetchedRecord[],
  data: Data,
  contextOf: ContextOf,
): RecordHeader[][] {
  let next = 0;
  return records.map(({ headers }) =>
    headers.map((header) => {
      const [name] = header;
      const context = contextOf(header);
      if (context !== undefined) return { name, value: context, schema: schemas.string };
      const at = next++;
      const schema = data.schemas?.[at];
      return { name, value: data.values[at] ?? null, ...(schema ? { schema } : {}) };
    }),
  );
}

/** `different`: of each run of records with the same headers those of the first. */
function spread(
  different: readonly (readonly RecordHeader[])[],
  records: readonly FetchedRecord[],
): readonly (readonly RecordHeader[])[] {
  // Several records have them: whoever changes one would change the others.
  for (const headers of different) Object.freeze(headers);
  let run = -1;
  let last: readonly Header[] | undefined;
  return records.map(({ headers }) => {
    if (headers !== last) run += 1;
    last = headers;
    return different[run] ?? [];
  });
}
