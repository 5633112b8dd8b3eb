import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { crc32c, crc32cByTables } from '../src/wire/crc32c.ts';

const ascending = Uint8Array.from({ length: 32 }, (_, index) => index);

test.each([
  { what: 'nothing', bytes: new Uint8Array(0), crc: 0 },
  { what: '123456789', bytes: Buffer.from('123456789'), crc: 0xe3069283 },
  { what: '32 zeros', bytes: new Uint8Array(32), crc: 0x8a9136aa },
  { what: '32 bytes of ones', bytes: new Uint8Array(32).fill(0xff), crc: 0x62a8ab43 },
  { what: '0, 1, 2, … 31', bytes: ascending, crc: 0x46dd794e },
  { what: '31, 30, … 0', bytes: ascending.toReversed(), crc: 0x113fdb5c },
])('$what has the checksum of RFC 3720', ({ bytes, crc }) => {
  expect(crc32c(bytes)).toBe(crc);
  expect(crc32cByTables(bytes)).toBe(crc);
});

test('the tables give what the native module gives, for any part and seed', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 300 }),
      fc.nat(),
      fc.nat(),
      fc.nat(),
      (bytes, a, b, seed) => {
        const [start = 0, end = 0] = [a % (bytes.length + 1), b % (bytes.length + 1)].sort(
          (one, other) => one - other,
        );
        expect(crc32cByTables(bytes, start, end, seed)).toBe(crc32c(bytes, start, end, seed));
      },
    ),
  );
});

test('a checksum can be taken in two parts', () => {
  const bytes = Buffer.from('123456789');
  expect(crc32c(bytes, 4, 9, crc32c(bytes, 0, 4))).toBe(0xe3069283);
  expect(crc32cByTables(bytes, 4, 9, crc32cByTables(bytes, 0, 4))).toBe(0xe3069283);
});
