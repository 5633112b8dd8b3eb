import { expect, test } from 'vitest';

import { KeylessPartitions, murmur2, partitionForKey } from '../src/index.ts';

test.for([
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107],
] as const)("murmur2 of '%s' is what Java computes", ([key, hash]) => {
  expect(murmur2(Buffer.from(key))).toBe(hash);
});

test('bytes above 127 are not taken as negative, as in Java', () => {
  const hashes = [1, 2, 3, 4, 5].map((length) => murmur2(new Uint8Array(length).fill(0xff)));
  expect(new Set(hashes).size).toBe(5);
  for (const hash of hashes) expect(hash).toBe(hash | 0);
});

test('a key stays in its partition, which exists', () => {
  for (let index = 0; index < 1_000; index += 1) {
    const key = Buffer.from(`key-${index}`);
    const partition = partitionForKey(key, 12);
    expect(partition).toBe((murmur2(key) & 0x7fffffff) % 12);
    expect(partition).toBeGreaterThanOrEqual(0);
    expect(partition).toBeLessThan(12);
  }
});

test('keyless batches take turns from a random start', () => {
  const keyless = new KeylessPartitions(() => 0.5);
  expect([1, 2, 3, 4, 5].map(() => keyless.next('t', 4))).toEqual([2, 3, 0, 1, 2]);
  expect(keyless.next('single', 1)).toBe(0);
});
