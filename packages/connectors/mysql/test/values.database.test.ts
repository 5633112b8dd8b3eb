/** Each type of column: what a snapshot writes of it, what the log has of it, and with which schema. */
import { Decimal, type Schema } from '@sluice/connector-api';
import { startMariadb } from '@sluice/testkit';
import { afterAll, describe, expect, test } from 'vitest';
import { Capture, configOf } from './capture.ts';

const columns = `
  id int PRIMARY KEY,
  tiny tinyint, tiny_u tinyint unsigned, flag boolean, small smallint, small_u smallint unsigned,
  medium mediumint, medium_u mediumint unsigned, int_s int, int_u int unsigned,
  big bigint, big_u bigint unsigned, dec_a decimal(20,5), dec_b decimal(65,30), dec_c decimal(9,0) unsigned,
  flo float, dou double, yea year,
  bit_1 bit(1), bit_20 bit(20), bit_64 bit(64),
  dat date, tim time, tim_6 time(6), tim_2 time(2), dtm datetime, dtm_3 datetime(3), dtm_6 datetime(6),
  tst timestamp NULL, tst_6 timestamp(6) NULL,
  chr char(10), var varchar(20), var_long varchar(1000), latin varchar(20) CHARACTER SET latin1,
  cyril varchar(20) CHARACTER SET cp1251, wide varchar(20) CHARACTER SET utf16, txt text, txt_long longtext,
  bin binary(6), vbin varbinary(20), blo blob, jso json,
  enu enum('a','b''c','d,e','ü'), ses set('x','y','z'),
  poi point, geo geometry,
  twice int GENERATED ALWAYS AS (int_s * 2) STORED, thrice int GENERATED ALWAYS AS (int_s * 3) VIRTUAL,
  needed int NOT NULL DEFAULT 7`;

const rows = [
  `1, -128, 255, true, -32768, 65535, -8388608, 16777215, -2147483648, 4294967295,
   -9223372036854775808, 18446744073709551615, -123456789012345.67890, 1.000000000000000000000000000001, 999999999,
   1.25, 2.5e100, 2024, b'1', b'10110011100011110000', x'8000000000000001',
   '2024-02-29', '-12:34:56', '838:59:58.999999', '-00:00:01.25', '2024-05-06 07:08:09', '1000-01-01 00:00:00.123',
   '9999-12-31 23:59:59.999999', '2024-05-06 07:08:09', '1970-01-01 00:00:01.000001',
   'char', 'väriable', 'long 🎈', 'über', 'привет', 'wide 🎈', 'text', repeat('x', 70000),
   x'0102', x'ff00fe', x'00', '{"a": [1, 2.5, "ü"], "b": null}', 'b''c', 'x,z',
   ST_GeomFromText('POINT(1 2)'), ST_GeomFromText('LINESTRING(0 0, 1 1)', 4326), default, default, 1`,
  `2, 0, 0, false, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0.1, -0.1, 1901, b'0', b'0', b'0',
   '1969-12-31', '00:00:00', '00:00:00.000001', '00:00:00.5', '1969-12-31 23:59:59', '1970-01-01 00:00:00.001',
   '1969-12-31 23:59:59.000001', '2038-01-19 03:14:07', '2038-01-19 03:14:07.999999',
   '', '', '', '', '', '', '', '', x'', x'', x'', '[]', 'a', '',
   ST_GeomFromText('POINT(-1 -2)'), ST_GeomFromText('POINT(0 0)'), default, default, 2`,
  `3${', NULL'.repeat(45)}, default, default, 3`,
];

for (const metadata of ['NO_LOG', 'FULL'] as const)
  describe(`binlog_row_metadata=${metadata}`, async () => {
    const mariadb = await startMariadb({ config: [`--binlog-row-metadata=${metadata}`] });
    afterAll(() => mariadb[Symbol.asyncDispose]());

    async function captured(
      more: Record<string, string> = {},
      ofRow: (row: string) => string = (row) => row,
    ): Promise<{
      readonly before: readonly (Record<string, unknown> | null)[];
      readonly after: readonly (Record<string, unknown> | null)[];
      readonly schemas: ReadonlyMap<string, Schema>;
    }> {
      const url = await mariadb.createDatabase('types');
      const own = new URL(url).pathname.slice(1);
      await mariadb.sql(
        `SET time_zone = '+00:00'; CREATE TABLE item (${columns}) CHARACTER SET utf8mb4;
         ${rows.map((row) => `INSERT INTO item VALUES (${ofRow(row)});`).join('\n')}`,
        own,
      );
      await using capture = await Capture.start(configOf(url, more));
      await capture.untilCount(`${own}.item`, rows.length);
      await mariadb.sql(
        `SET time_zone = '+00:00'; CREATE TABLE other LIKE item; INSERT INTO other VALUES (${ofRow(rows[0] ?? '')});
         DELETE FROM item; ${rows.map((row) => `INSERT INTO item VALUES (${ofRow(row)});`).join('\n')}`,
        own,
      );
      const changes = await capture.untilCount(`${own}.item`, rows.length * 3);
      const value = capture.records[0]?.valueSchema;
      const row = value?.fields?.find(({ field }) => field === 'after')?.schema;
      return {
        before: changes.slice(0, rows.length).map(({ after }) => after),
        after: changes.slice(-rows.length).map(({ after }) => after),
        schemas: new Map(row?.fields?.map(({ field, schema }) => [field, schema])),
      };
    }

    test('what the log has of a row is what a snapshot reads of it, to the last digit', async () => {
      const { after, before, schemas } = await captured();
      expect(after).toEqual(before);
      expect(before[0]).toMatchObject({
        tiny: -128,
        tiny_u: 255,
        flag: 1,
        int_u: 4294967295,
        big: -9223372036854775808n,
        // As Java's long.
        big_u: -1n,
        dec_a: Decimal.fromString('-123456789012345.67890'),
        dec_b: Decimal.fromString('1.000000000000000000000000000001'),
        flo: 1.25,
        dou: 2.5e100,
        yea: 2024,
        bit_1: true,
        bit_20: Buffer.from([0xf0, 0x38, 0x0b]),
        dat: 19782,
        tim: -45296000000,
        tim_6: 3020398999999,
        tim_2: -1250000,
        dtm: Date.UTC(2024, 4, 6, 7, 8, 9),
        dtm_3: -30610224000000 + 123,
        dtm_6: 253402300799999999n,
        tst: '2024-05-06T07:08:09Z',
        tst_6: '1970-01-01T00:00:01.000001Z',
        chr: 'char',
        latin: 'über',
        cyril: 'привет',
        wide: 'wide 🎈',
        var_long: 'long 🎈',
        bin: Buffer.from([1, 2, 0, 0, 0, 0]),
        vbin: Buffer.from([255, 0, 254]),
        jso: '{"a": [1, 2.5, "ü"], "b": null}',
        enu: "b'c",
        ses: 'x,z',
        poi: { x: 1, y: 2 },
        geo: { srid: 4326 },
        needed: 1,
      });
      expect(before[1]?.['flo']).toBeCloseTo(0.1, 6);
      expect(Object.values(before[2] ?? {}).filter((value) => value !== null)).toEqual([3, 3]);
      expect([schemas.get('tim_6'), schemas.get('enu'), schemas.get('jso')]).toMatchObject([
        { type: 'int64', name: 'io.debezium.time.MicroTime' },
        { name: 'io.debezium.data.Enum', parameters: { allowed: "a,b'c,d,e,ü" } },
        { name: 'io.debezium.data.Json' },
      ]);
      expect(schemas.get('needed')?.optional).toBeFalsy();
    });

    test('modes write decimals, times, bytes and unsigned numbers in other ways', async () => {
      const { after, before } = await captured(
        {
          'decimal.handling.mode': 'string',
          'binary.handling.mode': 'hex',
          'bigint.unsigned.handling.mode': 'precise',
          'time.precision.mode': 'nanoseconds',
        },
        (row) => row.replace('1000-01-01', '1678-01-01').replace('9999-12-31', '2261-12-31'),
      );
      expect(after).toEqual(before);
      expect(before[0]).toMatchObject({
        dec_a: '-123456789012345.67890',
        vbin: 'ff00fe',
        big_u: Decimal.fromString('18446744073709551615'),
        tim: -45296000000000,
        dtm_3: (BigInt(Date.UTC(1678, 0, 1)) + 123n) * 1_000_000n,
      });
    });

    test('a date that is none is null, or the first day where there must be one', async () => {
      const url = await mariadb.createDatabase('zero');
      const own = new URL(url).pathname.slice(1);
      const insert = `SET sql_mode = ''; INSERT INTO item VALUES`;
      const values = `'0000-00-00', '0000-00-00', '0000-00-00 00:00:00', '2024-00-00', '0000-00-00 00:00:00'`;
      await mariadb.sql(
        `SET sql_mode = ''; CREATE TABLE item (id int PRIMARY KEY, a date, b date NOT NULL, c datetime(6) NOT NULL, d date, e timestamp NOT NULL DEFAULT 0);
         ${insert} (1, ${values})`,
        own,
      );
      await using capture = await Capture.start(configOf(url));
      await capture.untilCount(`${own}.item`, 1);
      await mariadb.sql(`${insert} (2, ${values})`, own);
      const changes = await capture.untilCount(`${own}.item`, 2);
      for (const { after } of changes)
        expect(after).toMatchObject({ a: null, b: 0, c: 0, d: null, e: '1970-01-01T00:00:00Z' });
    });
  });
