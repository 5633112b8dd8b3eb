/** Which traces records come from: the header that W3C's trace context has for it. Pure. */
import type { FetchedBatch, Header } from '@sluice/record-log';

import { linksMax } from './tracer.ts';

export const traceparentHeader = 'traceparent';

/** The first few different ones; what they say is not looked at here. Records of one batch mostly have the same. */
export function producersOf(batches: readonly FetchedBatch[]): readonly string[] {
  const found = new Set<string>();
  let last: Uint8Array | undefined;
  let lastHeaders: readonly Header[] | undefined;
  for (const { records } of batches)
    for (const { headers } of records) {
      if (headers === lastHeaders) continue;
      lastHeaders = headers;
      const value = traceparentIn(headers);
      if (!value || (last && Buffer.compare(last, value) === 0)) continue;
      last = value;
      found.add(Buffer.from(value).toString('latin1'));
      if (found.size >= linksMax) return [...found];
    }
  return [...found];
}

const contextLength = 55;
const contextPattern = /^00-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}$/;

/** A trace context as this or another tracer wrote it, in W3C's form. Undefined: it is none. */
export function traceContextOf([name, value]: Header): string | undefined {
  if (name !== traceparentHeader || value?.length !== contextLength) return undefined;
  const text = Buffer.from(value).toString('latin1');
  return contextPattern.test(text) ? text : undefined;
}

/** Longest that is looked at: of the version that there is, 55. */
const lengthMax = 128;

function traceparentIn(
  headers: FetchedBatch['records'][number]['headers'],
): Uint8Array | undefined {
  for (const [name, value] of headers)
    if (name === traceparentHeader && value && value.length <= lengthMax) return value;
  return undefined;
}
