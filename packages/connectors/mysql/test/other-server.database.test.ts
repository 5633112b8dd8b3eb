/** A capture that goes on at another server of the same replication, by the GTIDs of the offset. */
import type { SourceOffsetValue } from '@sluice/connector-api';
import { startMariadb, waitFor } from '@sluice/testkit';
import { afterAll, expect, test } from 'vitest';
import { Capture, configOf } from './capture.ts';

// The first one logs two rows an event, the other one a hundred: what is counted at the one is nothing at the other.
const [first, other] = await Promise.all([
  startMariadb({ config: ['--binlog-row-event-max-size=256'] }),
  startMariadb({ config: ['--server-id=2', '--log-slave-updates', '--gtid-strict-mode=OFF'] }),
]);
afterAll(async () => {
  await Promise.all([first.stop(), other.stop()]);
});

test('begins a transaction again that was written in part, and misses nothing', async () => {
  const { password, port, username } = new URL(first.url);
  await other.sql(
    `CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = ${port}, MASTER_USER = '${username}', MASTER_PASSWORD = '${password}', MASTER_USE_GTID = slave_pos; START SLAVE`,
  );
  const url = await first.createDatabase('moved');
  const own = new URL(url).pathname.slice(1);
  const sql = (text: string): Promise<string> => first.sql(text, own);
  await sql('CREATE TABLE item (id int PRIMARY KEY, pad varchar(100))');
  const rows = 300;
  let offset: SourceOffsetValue | undefined;
  {
    await using capture = await Capture.start(configOf(url, { 'snapshot.mode': 'no_data' }));
    await capture.untilStreaming();
    await sql(
      `INSERT INTO item SELECT seq, repeat('x', 90) FROM seq_1_to_${String(rows)}; INSERT INTO item VALUES (0, 'last')`,
    );
    await capture.untilCount(`${own}.item`, rows + 1);
    offset = capture.records[149]?.sourceOffset;
    expect(offset).toMatchObject({ tx_server: '1' });
  }
  const isThere = async (): Promise<boolean> =>
    (await other.sql('SELECT @@gtid_binlog_pos')) === (await first.sql('SELECT @@gtid_binlog_pos'));
  await waitFor(isThere, { what: 'the other server to have it all' });
  const moved = new URL(url);
  moved.port = new URL(other.url).port;
  moved.password = new URL(other.url).password;
  await using capture = await Capture.start(configOf(moved.href), { offset });
  const changes = await capture.untilCount(`${own}.item`, rows + 1);
  expect(changes.map(({ after }) => after?.['id'])).toEqual([
    ...Array.from({ length: rows }, (_, index) => index + 1),
    0,
  ]);
});
