/**
 * How fast the JDBC source reads two tables by one task, and by two: alternating rounds, all in one thread and without a log
 * behind it. `slow`: each row costs the server some time, as rows of a loaded server do.
 *
 *     node --conditions=@sluice/source packages/connectors/jdbc/bench/source-tasks.ts [rows of a table] [rounds]
 */
import type { ConnectorConfig } from '@sluice/connector-api';
import { startPostgres } from '@sluice/testkit';
import { jdbcSource } from '../src/index.ts';

const rowCount = Number(process.argv[2] ?? 20_000);
const rounds = Number(process.argv[3] ?? 3);
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

await using postgres = await startPostgres();
const url = new URL(await postgres.createDatabase('bench'));
const database = url.pathname.slice(1);
await postgres.sql("CREATE ROLE reader LOGIN PASSWORD 'x'", database);
for (const table of ['a', 'b'])
  await postgres.sql(
    `CREATE TABLE ${table} (id int PRIMARY KEY, pad text);
     INSERT INTO ${table} SELECT n, repeat('x', 100) FROM generate_series(1, ${String(rowCount)}) n;
     GRANT SELECT ON ${table} TO reader;
     CREATE POLICY slow ON ${table} USING (id % 20 <> 0 OR pg_sleep(0.001) IS NOT NULL)`,
    database,
  );

for (const kind of ['as it is', 'slow']) {
  if (kind === 'slow')
    for (const table of ['a', 'b'])
      await postgres.sql(`ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY`, database);
  for (let round = 1; round <= rounds; round += 1)
    for (const tasks of [1, 2]) {
      const rate = Math.round((2 * rowCount) / (await readAll(tasks)));
      console.log(`${kind}, round ${round}: ${tasks} tasks, ${rate} rows/s`);
    }
}

async function readAll(tasksMax: number): Promise<number> {
  const config: ConnectorConfig = {
    'connection.url': `jdbc:postgresql://${url.host}/${database}`,
    'connection.user': 'reader',
    'connection.password': 'x',
    mode: 'incrementing',
    'incrementing.column.name': 'id',
    'batch.max.rows': '1000',
    'topic.prefix': 'bench-',
  };
  const { signal } = new AbortController();
  const connector = jdbcSource.createConnector();
  await connector.start?.(config, {
    connector: 'bench',
    logger: silent,
    signal,
    requestTaskReconfiguration: () => {},
    raiseError: () => {},
  });
  const tasks = [];
  for (const taskConfig of await connector.taskConfigs(tasksMax)) {
    const task = jdbcSource.createTask();
    await task.start(taskConfig, {
      connector: 'bench',
      task: tasks.length,
      logger: silent,
      signal,
      configs: () => taskConfig,
      offsets: async (partitions) => partitions.map(() => undefined),
    });
    tasks.push(task);
  }
  const startMs = performance.now();
  const wanted = (2 * rowCount) / tasks.length;
  await Promise.all(
    tasks.map(async (task) => {
      for (let read = 0; read < wanted; ) read += (await task.poll())?.length ?? 0;
    }),
  );
  const seconds = (performance.now() - startMs) / 1_000;
  for (const task of tasks) await task.stop();
  await connector.stop?.();
  return seconds;
}
