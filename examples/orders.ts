/**
 *     PostgreSQL                                                                          MariaDB
 *     customers ───┐                                                                 ┌──▶ customers
 *     orders ──────┼──PostgresConnector──▶ three topics ──JdbcSinkConnector, 2 tasks─┼──▶ orders
 *     order_items ─┘                                                                 └──▶ order_items
 *
 * The rows that are there are read first, then each change, while a shop inserts, updates and deletes. The workers that
 * capture and that write are killed meanwhile. In the end the warehouse answers like the shop.
 */
import { toError } from '@sluice/kernel';
import { startMariadb, startPostgres, waitFor } from '@sluice/testkit';
import { obtainDatabases } from '../scripts/databases.ts';
import { note, step } from '../scripts/progress.ts';
import { Database } from './support/database.ts';
import {
  ExampleCluster,
  type ExampleOptions,
  type TopicWatch,
  untilQuiet,
} from './support/example.ts';
import type { Answer, Count, Outcome } from './support/outcome.ts';
import { Shop, tables } from './support/shop.ts';

const topics = tables.map(({ name }) => `shop.public.${name}`);
const json = {
  'key.converter': 'org.apache.kafka.connect.json.JsonConverter',
  'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
};
const arrivalMs = 120_000;

/** In the SQL that PostgreSQL and MariaDB have in common. */
const revenue = `SELECT c.city, o.ordered_on, COUNT(DISTINCT o.id) AS orders, SUM(i.quantity * i.price) AS revenue
FROM customers c
JOIN orders o ON o.customer_id = c.id
JOIN order_items i ON i.order_id = o.id
WHERE o.status = 'paid'
GROUP BY c.city, o.ordered_on
ORDER BY c.city, o.ordered_on`;

export async function main(options: ExampleOptions): Promise<Outcome> {
  await obtainDatabases();
  await using postgres = await step('start PostgreSQL', () => startPostgres());
  await using mariadb = await step('start MariaDB', () => startMariadb({ binaryLog: false }));
  await using example = await ExampleCluster.start(options, { isDurable: true });
  const shop = await Shop.open(postgres);
  const warehouse = await Database.create(mariadb, 'warehouse');
  await using captured = await example.watch(...topics);

  const [quarter = 0, half = 0, threeQuarters = 0] = [1, 2, 3].map((part) =>
    Math.floor((options.count * part) / 4),
  );
  await shop.trade(1, quarter);
  await step('apply the connectors', async () => {
    await example.cluster.apply('shop', captureOf(shop.database));
    await example.cluster.apply('warehouse', writingInto(warehouse));
    await example.cluster.waitForRunning('shop');
    await example.cluster.waitForRunning('warehouse', 2);
  });
  await step(`trade up to ${String(options.count)} orders, kill two workers`, async () => {
    await shop.trade(quarter + 1, half);
    const [capturing] = await Promise.all([
      example.killWorkerOf('shop'),
      shop.trade(half + 1, threeQuarters),
    ]);
    note(`killed ${capturing}, which captured`);
    const [writing] = await Promise.all([
      example.killWorkerOf('warehouse'),
      shop.trade(threeQuarters + 1, options.count),
    ]);
    note(`killed ${writing}, which wrote`);
  });
  try {
    await step('wait for the warehouse', () =>
      untilWritten(example, { captured, shop, warehouse }),
    );
  } catch (error) {
    // What differs is told by the report.
    note(toError(error).message);
  }

  const answers: [Answer, Answer] = [
    { from: 'MariaDB', rows: await warehouse.rows(revenue) },
    { from: 'PostgreSQL', rows: await shop.database.rows(revenue) },
  ];
  const counts: Count[] = [
    { what: 'orders placed', count: options.count },
    { what: 'rows and changes captured', count: captured.records },
    { what: 'not written yet', count: await example.lagOf('warehouse', topics), expected: 0 },
  ];
  for (const { columns, key, name } of tables) {
    const rows = `SELECT ${columns} FROM ${name} ORDER BY ${key}`;
    const there = await warehouse.rows(rows);
    counts.push(...compared(name, there, await shop.database.rows(rows)));
  }
  counts.push(...compared('report', answers[0].rows, answers[1].rows));
  return {
    counts,
    report: {
      sql: revenue,
      keys: ['city', 'ordered_on'],
      values: ['orders', 'revenue'],
      answers,
    },
  };
}

async function untilWritten(
  example: ExampleCluster,
  { captured, shop, warehouse }: { captured: TopicWatch; shop: Shop; warehouse: Database },
): Promise<void> {
  const wanted = String(await shop.database.rows(revenue));
  await waitFor(async () => String(await warehouse.rows(revenue)) === wanted, {
    what: 'the report to be the same on both sides',
    timeoutMs: arrivalMs,
    intervalMs: 300,
  });
  // What is captured once more, since a worker was killed, shows an earlier state until it has all come.
  await untilQuiet('the last change', () => captured.records);
  await waitFor(async () => await example.lagOf('warehouse', topics), {
    what: 'the warehouse to have written all that was captured',
    until: (lag) => lag === 0,
    timeoutMs: arrivalMs,
    intervalMs: 200,
  });
}

function captureOf({ name, url }: Database): Record<string, string> {
  return {
    ...json,
    'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
    'database.hostname': url.hostname,
    'database.port': url.port,
    'database.user': url.username,
    'database.password': url.password,
    'database.dbname': name,
    'topic.prefix': 'shop',
    'table.include.list': tables.map((table) => `public.${table.name}`).join(','),
    'publication.autocreate.mode': 'filtered',
    'heartbeat.interval.ms': '10000',
    transforms: 'row',
    'transforms.row.type': 'io.debezium.transforms.ExtractNewRecordState',
  };
}

function writingInto({ name, url }: Database): Record<string, string> {
  return {
    ...json,
    'connector.class': 'io.confluent.connect.jdbc.JdbcSinkConnector',
    'tasks.max': '2',
    topics: topics.join(','),
    'connection.url': `jdbc:mariadb://${url.host}/${name}`,
    'connection.user': url.username,
    'connection.password': url.password,
    'insert.mode': 'upsert',
    'pk.mode': 'record_key',
    'delete.enabled': 'true',
    'auto.create': 'true',
    transforms: 'table',
    'transforms.table.type': 'org.apache.kafka.connect.transforms.RegexRouter',
    'transforms.table.regex': 'shop\\.public\\.(.*)',
    'transforms.table.replacement': '$1',
  };
}

function compared(
  what: string,
  there: readonly (readonly string[])[],
  wanted: readonly (readonly string[])[],
): Count[] {
  const lines = new Set(wanted.map(String));
  const same = there.filter((row) => lines.has(String(row))).length;
  return [
    { what: `${what}: rows in MariaDB`, count: there.length, expected: wanted.length },
    { what: `${what}: the same as in PostgreSQL`, count: same, expected: wanted.length },
  ];
}
