/** What a server, or a session, may make of its log without asking anybody. */
import type { SourceOffsetValue } from '@sluice/connector-api';
import { startMariadb } from '@sluice/testkit';
import { afterAll, expect, test } from 'vitest';
import { Capture, configOf } from './capture.ts';

const mariadb = await startMariadb();
afterAll(() => mariadb[Symbol.asyncDispose]());

async function database(name: string) {
  const url = await mariadb.createDatabase(name);
  const own = new URL(url).pathname.slice(1);
  return { url, item: `${own}.item`, own, sql: (text: string) => mariadb.sql(text, own) };
}

function idsOf(capture: Capture, item: string): readonly unknown[] {
  return capture.changes(item).map(({ after }) => after?.['id']);
}

test('checksums that are turned off and on are followed, and files with and without them read in a row', async () => {
  const { item, sql, url } = await database('checksums');
  await sql('CREATE TABLE item (id int PRIMARY KEY)');
  const config = configOf(url);
  let offset: SourceOffsetValue | undefined;
  {
    await using capture = await Capture.start(config);
    await capture.untilStreaming();
    await sql(`INSERT INTO item VALUES (1); SET GLOBAL binlog_checksum = NONE; INSERT INTO item VALUES (2);
      SET GLOBAL binlog_checksum = CRC32; INSERT INTO item VALUES (3); FLUSH BINARY LOGS; INSERT INTO item VALUES (4)`);
    await capture.untilCount(item, 4);
    expect(idsOf(capture, item)).toEqual([1, 2, 3, 4]);
    expect(capture.retries).toBe(0);
    offset = capture.records[0]?.sourceOffset;
  }
  await sql('SET GLOBAL binlog_checksum = NONE');
  await using capture = await Capture.start(config, { offset });
  await capture.untilCount(item, 3);
  await sql(
    'INSERT INTO item VALUES (5); SET GLOBAL binlog_checksum = CRC32; INSERT INTO item VALUES (6)',
  );
  await capture.untilCount(item, 5);
  expect(idsOf(capture, item)).toEqual([2, 3, 4, 5, 6]);
  expect(capture.retries).toBe(0);
});

test('GTIDs of several domains and servers, with gaps, are gone on at from each of them', async () => {
  const { item, sql, url } = await database('domains');
  await sql('CREATE TABLE item (id int PRIMARY KEY)');
  const config = configOf(url);
  let offsets: readonly (SourceOffsetValue | undefined)[];
  {
    await using capture = await Capture.start(config);
    await capture.untilStreaming();
    await sql(`SET gtid_domain_id = 7; INSERT INTO item VALUES (1); SET gtid_domain_id = 3; INSERT INTO item VALUES (2), (3);
      SET gtid_domain_id = 0; INSERT INTO item VALUES (4);
      SET gtid_domain_id = 7; SET server_id = 9; SET gtid_seq_no = 500; INSERT INTO item VALUES (5);
      SET skip_replication = 1; INSERT INTO item VALUES (6); SET skip_replication = 0; INSERT INTO item VALUES (7)`);
    await capture.untilCount(item, 7);
    expect(capture.offset?.['gtids']).toMatch(/^0-1-\d+,7-9-502,3-1-1$/);
    offsets = capture.records.map(({ sourceOffset }) => sourceOffset);
  }
  for (const [index, offset] of offsets.slice(0, -1).entries()) {
    await using capture = await Capture.start(config, { offset });
    await capture.untilCount(item, 6 - index);
    const left = Array.from({ length: 6 - index }, (_, place) => index + 2 + place);
    expect(idsOf(capture, item)).toEqual(left);
  }
});

test('what a foreign key does is not in the log, and a warning says so', async () => {
  const { own, sql, url } = await database('cascade');
  await sql(`CREATE TABLE item (id int PRIMARY KEY);
    CREATE TABLE part (id int PRIMARY KEY, item int, FOREIGN KEY (item) REFERENCES item (id) ON DELETE CASCADE);
    CREATE TABLE other (id int PRIMARY KEY, item int, FOREIGN KEY (item) REFERENCES item (id))`);
  await using capture = await Capture.start(configOf(url));
  await capture.untilStreaming();
  expect(capture.lines.filter(({ level }) => level === 'warn')).toMatchObject([
    { fields: { tables: [`${own}.part`] }, message: expect.stringContaining('ON DELETE CASCADE') },
  ]);
});

test('a transaction that was prepared and is then rolled back is warned of', async () => {
  const { item, sql, url } = await database('prepared');
  await sql('CREATE TABLE item (id int PRIMARY KEY)');
  await using capture = await Capture.start(configOf(url));
  await capture.untilStreaming();
  await sql(
    "XA START 'a'; INSERT INTO item VALUES (1); XA END 'a'; XA PREPARE 'a'; XA ROLLBACK 'a'; INSERT INTO item VALUES (2)",
  );
  await capture.until('the row after it', () => idsOf(capture, item).includes(2));
  expect(capture.lines.map(({ message }) => message)).toContainEqual(
    expect.stringContaining('rolled back by XA ROLLBACK'),
  );
});
