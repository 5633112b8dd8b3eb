/**
 * Tables are copied between PostgreSQL and MariaDB while workers are killed with SIGKILL, and databases crash. In the
 * end every row is as it is at the source, and what is written exactly once is there exactly once.
 */
import {
  type Cluster,
  type MariadbHandle,
  type PostgresHandle,
  startCluster,
  startMariadb,
  startPostgres,
  waitFor,
} from '@sluice/testkit';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { showLogsOnFailure } from './support/cluster-facts.ts';
import { JdbcCopy } from './support/jdbc-copy.ts';

/** More of them: KILL_ROUNDS=20 npm test -- tests/jdbc */
const rounds = Number(process.env['KILL_ROUNDS'] ?? 2);

let cluster: Cluster;
let postgres: PostgresHandle;
let mariadb: MariadbHandle;

beforeAll(async () => {
  [cluster, postgres, mariadb] = await Promise.all([
    startCluster({ workers: 2 }),
    startPostgres(),
    startMariadb(),
  ]);
});
afterAll(async () => {
  await cluster.stop();
  await Promise.all([postgres.stop(), mariadb.stop()]);
});
beforeEach(() => showLogsOnFailure(cluster));

/** Changes rows until it is stopped. */
function keepChanging(copy: JdbcCopy): () => Promise<number> {
  const stopping = new AbortController();
  let changes = 0;
  const changing = (async () => {
    while (!stopping.signal.aborted) {
      changes += 1;
      await copy.change(changes, changes);
      // Each change starts two processes: without a pause they would take a core.
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  })();
  // Whoever stops it sees the failure.
  changing.catch(() => {});
  return async () => {
    stopping.abort();
    await changing;
    return changes;
  };
}

/** Kills the oldest worker, and starts another one. */
async function killWorker(): Promise<void> {
  const oldest = cluster.workers.find(({ process: child }) => !child.hasExited);
  await oldest?.process.kill('SIGKILL');
  await cluster.addWorker();
}

/** The rows are as at the source already; the history is written by another connector. */
async function untilHistoryIsWhole(copy: JdbcCopy): Promise<number> {
  await waitFor(async () => Number(await copy.sqlTo(missingInHistory)), {
    what: 'the last change of each row to be in the history',
    until: (missing) => missing === 0,
    timeoutMs: 30_000,
    intervalMs: 200,
  });
  const partitions = await copy.history();
  // None twice, none missing.
  for (const { count, different, end } of partitions)
    expect([count, different]).toEqual([end, end]);
  return partitions.reduce((sum, { count }) => sum + count, 0);
}

const missingInHistory =
  'SELECT count(*) FROM orders o WHERE NOT EXISTS (SELECT 1 FROM history h WHERE h.id = o.id AND h.n = o.n)';

const directions = [
  ['postgresql-to-mariadb', () => ({ source: postgres, target: mariadb })],
  ['mariadb-to-postgresql', () => ({ source: mariadb, target: postgres })],
] as const;

test.each(directions)(
  '%s: kill -9 of workers costs no row, and writes none twice',
  {
    timeout: 90_000 + rounds * 30_000,
  },
  async (name, serversOf) => {
    const copy = await JdbcCopy.start({ cluster, ...serversOf() }, name);
    await Promise.all(
      ['source', 'rows', 'history'].map((kind) => cluster.waitForRunning(`${name}-${kind}`)),
    );
    const stopChanging = keepChanging(copy);
    let changes = 0;
    try {
      for (let round = 0; round < rounds; round += 1) {
        await new Promise((resolve) => setTimeout(resolve, 700));
        await killWorker();
      }
    } finally {
      changes = await stopChanging();
    }
    const rows = await copy.untilEqual();
    const records = await untilHistoryIsWhole(copy);
    expect(records).toBeGreaterThan(rows);
    process.stdout.write(
      `${name}: ${String(rounds)} kills, ${String(changes)} changes, ${String(rows)} rows, ${String(records)} records\n`,
    );
  },
);

test.each(directions)(
  '%s: databases that crash and come back are gone on with',
  {
    timeout: 120_000,
  },
  async (direction, serversOf) => {
    const { source, target } = serversOf();
    const name = `crash-${direction}`;
    const copy = await JdbcCopy.start({ cluster, source, target }, name);
    await copy.change(1, 1);
    await copy.untilEqual();
    await target.kill('SIGKILL');
    await copy.change(2, 2);
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    await target.start();
    await source.end();
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    await source.start();
    await copy.change(3, 3);
    await copy.untilEqual();
    await untilHistoryIsWhole(copy);
  },
);
