import { describe, expect, test } from 'vitest';

import { offsetsIn } from '../src/standalone/offset-file.ts';

/** Written by Kafka 4's FileOffsetBackingStore: three partitions of two connectors, one of them null. */
const written = Buffer.from(
  'rO0ABXNyABFqYXZhLnV0aWwuSGFzaE1hcAUH2sHDFmDRAwACRgAKbG9hZEZhY3RvckkACXRocmVzaG9sZHhwP0AAAAAAAAx3CAAAABAA' +
    'AAADdXIAAltCrPMX+AYIVOACAAB4cAAAABRbImdyw7bDn2UiLHsiaWQiOjJ9XXB1cQB+AAIAAAAUWyJncsO2w59lIix7ImlkIjoxfV11' +
    'cQB+AAIAAAAXeyJhdCI6OTAwNzE5OTI1NDc0MDk5M311cQB+AAIAAAAtWyJsb2NhbC1maWxlLXNvdXJjZSIseyJmaWxlbmFtZSI6InRl' +
    'c3QudHh0In1ddXEAfgACAAAAD3sicG9zaXRpb24iOjEyfXg=',
  'base64',
);

describe("Kafka Connect's file of offsets", () => {
  test('is read by connector, whole numbers exactly', () => {
    expect(offsetsIn(written)).toEqual(
      new Map([
        ['größe', [{ partition: { id: 1 }, offset: { at: 9_007_199_254_740_993n } }]],
        ['local-file-source', [{ partition: { filename: 'test.txt' }, offset: { position: 12 } }]],
      ]),
    );
  });

  test('that ends anywhere too early is an error', () => {
    for (let length = 0; length < written.length; length += 1) {
      expect(() => offsetsIn(written.subarray(0, length))).toThrow(/ends too early/);
    }
  });

  test('that is something else is an error, and never hangs', () => {
    for (let at = 0; at < written.length; at += 1) {
      const odd = Buffer.from(written);
      odd[at] = (odd[at] ?? 0) ^ 0xff;
      try {
        offsetsIn(odd);
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
      }
    }
    expect(() => offsetsIn(Buffer.from(' '.repeat(200)))).toThrow(/something else/);
  });
});
