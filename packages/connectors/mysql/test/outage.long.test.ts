import { startMariadb, TcpProxy } from '@sluice/testkit';
import { expect, test } from 'vitest';
import { Capture, configOf } from './capture.ts';

const outageMs = 30_000;

test.each(['refused', 'silent'])('a connection that is %s for 30 s costs no row', async (kind) => {
  await using mariadb = await startMariadb();
  const url = await mariadb.createDatabase('outage');
  const database = new URL(url).pathname.slice(1);
  const sql = (text: string) => mariadb.sql(text, database);
  await sql('CREATE TABLE item (id int PRIMARY KEY); INSERT INTO item VALUES (0)');
  await using proxy = await TcpProxy.start(mariadb.port);
  await using capture = await Capture.start(
    configOf(url, {
      'database.port': String(proxy.port),
      'connect.keep.alive.interval.ms': '2000',
    }),
  );
  await capture.untilStreaming();
  if (kind === 'refused') {
    proxy.refuseConnections();
    proxy.dropConnections();
  } else proxy.disturb({ stalled: 'both' });
  const startedAtMs = performance.now();
  let id = 0;
  while (performance.now() - startedAtMs < outageMs) {
    id += 1;
    await sql(`INSERT INTO item VALUES (${String(id)})`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  if (kind === 'refused') await proxy.acceptConnections();
  else {
    proxy.dropConnections();
    proxy.disturb({});
  }
  await capture.untilCount(`${database}.item`, id + 1, 30_000);
  expect(capture.changes(`${database}.item`).map(({ after }) => after?.['id'])).toEqual(
    Array.from({ length: id + 1 }, (_, index) => index),
  );
});
