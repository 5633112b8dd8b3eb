/** Every type of column, from a table of the source into an equal table of the sink: the rows are the same. */
import type { ConnectorConfig, SinkRecord } from '@sluice/connector-api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { jdbcSink } from '../src/index.ts';
import { connectionOf, databaseOf, databases, SinkHarness, type TestServer } from './databases.ts';
import { SourceHarness } from './source-harness.ts';

const postgres = {
  before: "CREATE TYPE mood AS ENUM ('sad', 'hap''py')",
  columns: `
    id SERIAL PRIMARY KEY, always INT GENERATED ALWAYS AS IDENTITY, double_id INT GENERATED ALWAYS AS (id * 2) STORED,
    small SMALLINT, large BIGINT, single REAL, double DOUBLE PRECISION, exact NUMERIC(30, 10), any_number NUMERIC,
    money_like NUMERIC(5, 0), flag BOOLEAN, letters CHAR(5), word VARCHAR(20), words TEXT, bytes BYTEA,
    day DATE, clock TIME(3), clock_zone TIMETZ, moment TIMESTAMP(3), moment_zone TIMESTAMPTZ(3), span INTERVAL,
    json_text JSON, json_binary JSONB, ident UUID, feeling mood, feelings mood[], numbers INT[], texts TEXT[],
    flags BOOLEAN[], exacts NUMERIC(10,2)[], moments TIMESTAMP(3)[], blobs BYTEA[], address INET, network CIDR, mac MACADDR,
    bits BIT(5), more_bits BIT VARYING(9), box_of BOX, point_of POINT, range_of INT4RANGE, markup XML, search TSVECTOR,
    "Odd ""Name" TEXT, cash MONEY`,
  names:
    'small, large, single, double, exact, any_number, money_like, flag, letters, word, words, bytes, day, clock, clock_zone, moment, moment_zone, span, json_text, json_binary, ident, feeling, feelings, numbers, texts, flags, exacts, moments, blobs, address, network, mac, bits, more_bits, box_of, point_of, range_of, markup, search, "Odd ""Name", cash',
  rows: [
    `-32768, -9223372036854775808, 0.1, 5e-324, 12345678901234567890.0123456789, 123456789012345678901234567890.123456789,
     99999, true, 'a', 'zürich', 'emoji 🎈 quote '' back\\ tab	 line
 end', '\\x00ff275c', '1600-02-29', '23:59:59.999', '10:00:00+05:30', '2026-10-25 02:30:00.123', '1969-12-31 23:59:59.999+01', '1 year 2 days 03:04:05.6',
     '{"a": [1, "ü"]}', '{"b": null}', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'hap''py', '{sad,NULL,"hap''py"}', '{1,NULL,-3}', '{"a,b","","NULL",NULL,"q\\"\\\\"}',
     '{t,f,NULL}', '{1.50,-2.25}', '{"2026-07-01 10:00:00.5"}', ARRAY['\\x00'::bytea, '\\xff'::bytea], '10.0.0.1', '10.0.0.0/8', '08:00:2b:01:02:03',
     B'10101', B'1', '(1,1),(0,0)', '(1.5,-2)', '[1,5)', '<a>ü</a>', 'a fat cat', 'odd', '12.34'`,
    `32767, 9223372036854775807, 'NaN', '-Infinity', -0.0000000001, -1e-20, -5, false, '', '', '', '', '0001-01-01', '00:00', '00:00Z', '0001-01-01', '9999-12-31 23:59:59.999Z', '-1 mon',
     'null', '[]', NULL, 'sad', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '::1', '::/0', NULL, B'00000', B'', NULL, NULL, 'empty', NULL, '', '', '-0.01'`,
  ],
};

const mariadb = {
  before: 'SELECT 1',
  columns: `
    id INT AUTO_INCREMENT PRIMARY KEY, double_tiny INT AS (tiny * 2) STORED, virtual_tiny INT AS (tiny + 1) VIRTUAL,
    tiny TINYINT, tiny_u TINYINT UNSIGNED, small SMALLINT, small_u SMALLINT UNSIGNED, medium MEDIUMINT, medium_u MEDIUMINT UNSIGNED,
    whole INT, whole_u INT UNSIGNED, large BIGINT, large_u BIGINT UNSIGNED, single FLOAT, \`double\` DOUBLE, exact DECIMAL(65, 30),
    flag BOOLEAN, bits BIT(13), one_bit BIT(1), letters CHAR(5), word VARCHAR(20), words LONGTEXT, few TINYTEXT,
    bytes BLOB, fixed BINARY(4), vary_bin VARBINARY(10), day DATE, clock TIME(3), moment DATETIME(3), stamp TIMESTAMP(3) NULL,
    year_of YEAR, json_of JSON, feeling ENUM('sad', 'hap''py'), feelings SET('a', 'b', 'c'), place POINT, \`Odd \`\`Name\` TEXT`,
  names:
    'tiny, tiny_u, small, small_u, medium, medium_u, whole, whole_u, large, large_u, single, `double`, exact, flag, bits, one_bit, letters, word, words, few, bytes, fixed, vary_bin, day, clock, moment, stamp, year_of, json_of, feeling, feelings, place, `Odd ``Name`',
  rows: [
    `-128, 255, -32768, 65535, -8388608, 16777215, -2147483648, 4294967295, -9223372036854775808, 18446744073709551615, 0.1, 5e-324,
     12345678901234567890123456789012345.123456789012345678901234567891, TRUE, b'1010101010101', b'1', 'a', 'zürich', 'emoji 🎈 quote '' back\\\\ tab	 line
 end', 'few', x'00ff275c', x'00', x'ff00', '1600-02-29', '23:59:59.999', '2026-10-25 02:30:00.123', '2026-03-29 02:30:00.123', 2026, '{"a": [1, "ü"]}', 'hap''py', 'a,c', ST_GeomFromText('POINT(1.5 -2)', 4326), 'odd'`,
    `127, 0, 32767, 0, 8388607, 0, 2147483647, 0, 9223372036854775807, 0, 16777217, -1.7976931348623157e308, -0.000000000000000000000000000001, FALSE, b'0', b'0', '', '', '', '', '', x'', '', '0001-01-01', '00:00:00', '9999-12-31 23:59:59.999', '1970-01-01 00:00:01', 1901, '[]', 'sad', '', NULL, ''`,
  ],
};

describe.each(databases)('a table of all types of $name', ({ name, start }) => {
  const { before, columns, names, rows } = name === 'PostgreSQL' ? postgres : mariadb;
  let server: TestServer;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(async () => {
    await server.stop();
  });

  async function copy(settings: ConnectorConfig): Promise<{ source: string; target: string }> {
    const url = await server.createDatabase('types');
    const sql = (text: string): Promise<string> => server.sql(text, databaseOf(url));
    await sql(before);
    await sql(`CREATE TABLE source (${columns})`);
    await sql(`CREATE TABLE target (${columns})`);
    for (const row of rows) await sql(`INSERT INTO source (${names}) VALUES (${row})`);
    await sql(
      name === 'PostgreSQL'
        ? 'INSERT INTO source DEFAULT VALUES'
        : 'INSERT INTO source () VALUES ()',
    );
    const connection = { ...connectionOf(url), ...settings };
    await using source = await new SourceHarness({
      ...connection,
      mode: 'incrementing',
      'incrementing.column.name': 'id',
      'table.whitelist': 'source',
    }).start();
    const read = await source.until(rows.length + 1);
    await using sink = await new SinkHarness(
      jdbcSink.createTask(),
      {
        name: 'test',
        topics: 'source',
        ...connection,
        'table.name.format': 'target',
        'insert.mode': 'upsert',
        'pk.mode': 'record_value',
        'pk.fields': 'id',
      },
      false,
    ).start();
    const records = read.map((record, offset): SinkRecord => ({ ...record, partition: 0, offset }));
    await sink.put(records);
    // Twice: as an update as well.
    await sink.put(records.map((record) => ({ ...record, offset: record.offset + 100 })));
    return {
      source: await sql('SELECT * FROM source ORDER BY id'),
      target: await sql('SELECT * FROM target ORDER BY id'),
    };
  }

  test.each([
    {},
    { 'db.timezone': 'Europe/Berlin' },
    { 'timestamp.granularity': 'nanos_iso_datetime_string', 'db.timezone': 'America/St_Johns' },
  ])('arrives as it was: %o', async (settings) => {
    const { source, target } = await copy(settings);
    expect(target).toBe(source);
    expect(target.split('\n').length).toBeGreaterThanOrEqual(3);
  });
});
