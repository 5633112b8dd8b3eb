/**
 * How fast a snapshot reads one large table by one connection, and by two: alternating rounds, without a log behind it.
 * `slow`: each row costs the server some time, as rows of a loaded server, or on the way from one far away, do.
 *
 *     node --conditions=@sluice/source packages/connectors/postgresql/bench/snapshot-threads.ts [rows] [rounds]
 */
import { startPostgres } from '@sluice/testkit';
import { postgresConnector } from '../src/index.ts';

const rowCount = Number(process.argv[2] ?? 40_000);
const rounds = Number(process.argv[3] ?? 3);
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

await using postgres = await startPostgres();
const url = new URL(await postgres.createDatabase('bench'));
const database = url.pathname.slice(1);
await postgres.sql(
  `CREATE TABLE item (id int PRIMARY KEY, pad text);
   INSERT INTO item SELECT n, repeat('x', 1800) FROM generate_series(1, ${String(rowCount)}) n;
   CREATE ROLE reader LOGIN REPLICATION PASSWORD 'x'; GRANT SELECT ON item TO reader;
   CREATE POLICY slow ON item USING (id % 20 <> 0 OR pg_sleep(0.001) IS NOT NULL)`,
  database,
);

for (const kind of ['as it is', 'slow']) {
  if (kind === 'slow') await postgres.sql('ALTER TABLE item ENABLE ROW LEVEL SECURITY', database);
  for (let round = 1; round <= rounds; round += 1)
    for (const threads of [1, 2]) {
      const seconds = await readAll(threads);
      const rate = Math.round(rowCount / seconds);
      console.log(`${kind}, round ${round}: ${threads} connections, ${rate} rows/s`);
    }
}

async function readAll(threads: number): Promise<number> {
  const config = {
    'database.hostname': url.hostname,
    'database.port': url.port,
    'database.user': 'reader',
    'database.password': 'x',
    'database.dbname': database,
    'topic.prefix': 'bench',
    'snapshot.mode': 'initial_only',
    'snapshot.max.threads': String(threads),
  };
  const task = postgresConnector.createTask();
  const { signal } = new AbortController();
  await task.start(config, {
    connector: 'bench',
    task: 0,
    logger: silent,
    signal,
    configs: () => config,
    offsets: async () => [undefined],
  });
  const startMs = performance.now();
  for (let read = 0; read < rowCount; ) read += (await task.poll())?.length ?? 0;
  const seconds = (performance.now() - startMs) / 1_000;
  await task.stop();
  return seconds;
}
