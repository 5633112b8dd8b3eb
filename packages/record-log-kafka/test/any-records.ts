import type { FetchedRecord, Header, ProduceRecord } from '@sluice/record-log';
import * as fc from 'fast-check';

const bytes = fc.uint8Array({ maxLength: 300 }).map((each) => Buffer.from(each));
const nullableBytes = fc.option(bytes, { freq: 4 });
const name = fc.string({ unit: 'grapheme', maxLength: 20 });
const header: fc.Arbitrary<Header> = fc.tuple(name, nullableBytes);

/** Records with whatever can be in them; some have the headers of the record before, the array itself. */
export const anyRecords: fc.Arbitrary<ProduceRecord[]> = sharingHeaders(
  fc.record(
    {
      key: nullableBytes,
      value: nullableBytes,
      headers: fc.array(header, { maxLength: 4 }),
      timestampMs: fc.oneof(fc.nat(2 ** 31 - 1), fc.integer({ min: -1, max: 2 ** 41 })),
    },
    { requiredKeys: ['key', 'value'] },
  ),
);

function sharingHeaders<Made extends ProduceRecord>(
  record: fc.Arbitrary<Made>,
): fc.Arbitrary<ProduceRecord[]> {
  const drawn = fc.array(fc.tuple(record, fc.boolean()), { minLength: 1, maxLength: 40 });
  return drawn.map((pairs) => {
    let before: readonly Header[] | undefined;
    return pairs.map(([made, shares]) => {
      const whole = shares && before ? { ...made, headers: before } : made;
      before = whole.headers;
      return whole;
    });
  });
}

/**
 * Those with which kafkajs does nothing else: it takes no null in headers, has them in a plain object (so
 * names like `toString` or `1` go wrong), and takes the least timestamp for the base, sorted as text.
 */
export const kafkajsRecords: fc.Arbitrary<ProduceRecord[]> = sharingHeaders(
  fc.record({
    key: nullableBytes,
    value: nullableBytes,
    headers: fc.uniqueArray(
      fc.tuple(
        name.map((each) => `✓${each}`),
        bytes,
      ),
      { maxLength: 4, selector: ([each]) => each },
    ),
    timestampMs: fc.oneof(fc.nat(100), fc.nat(2 ** 31 - 1)),
  }),
).map((records) => {
  let timestampMs = 1_700_000_000_000;
  return records.map((record) => {
    timestampMs += record.timestampMs ?? 0;
    return { ...record, timestampMs };
  });
});

export function toFetched(
  records: readonly ProduceRecord[],
  nowMs: number,
  baseOffset = 0,
): FetchedRecord[] {
  return records.map(({ key, value, headers = [], timestampMs = nowMs }, index) => ({
    offset: baseOffset + index,
    timestampMs,
    key,
    value,
    headers,
  }));
}
