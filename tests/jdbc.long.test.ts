/**
 * Tables are copied between PostgreSQL and MariaDB while workers are killed with SIGKILL, and databases crash. In the
 * end every row is as it is at the source, and what is written exactly once is there exactly once.
 */
import {
  type Cluster,
  type DatabaseHandle,
  startCluster,
  startMariadb,
  startPostgres,
  waitFor,
} from '@sluice/testkit';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { clusterState, showLogsOnFailure } from './support/cluster-facts.ts';
import { JdbcCopy } from './support/jdbc-copy.ts';

/** More of them: KILL_ROUNDS=20 npm run test:long -- tests/jdbc.long */
const rounds = Number(process.env['KILL_ROUNDS'] ?? 2);

/** Servers have limits of their own, in proportion to the load of the machine. */
const startLimitMs = 300_000;

let cluster: Cluster;
let postgres: DatabaseHandle;
let mariadb: DatabaseHandle;

beforeAll(async () => {
  [cluster, postgres, mariadb] = await Promise.all([
    startCluster({ workers: 2 }),
    startPostgres(),
    startMariadb(),
  ]);
}, startLimitMs);
afterAll(async () => {
  await cluster?.stop();
  await Promise.all([postgres?.stop(), mariadb?.stop()]);
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
    progress: (missing) => missing,
    explain: () => clusterState(cluster),
    timeoutMs: 60_000,
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

test('offsets that are altered or reset by the API are those of an exactly-once sink in its target', async () => {
  const name = 'rewind';
  const copy = await JdbcCopy.start({ cluster, source: postgres, target: mariadb }, name);
  await copy.change(1, 1);
  await copy.untilEqual();
  const once = await untilHistoryIsWhole(copy);
  const sink = `${name}-history`;
  const offsets = `/connectors/${sink}/offsets`;
  const group = await waitFor(
    async () => (await cluster.api.read<{ offsets: GroupOffset[] }>(offsets)).offsets,
    {
      what: 'the group to be where the target is',
      until: (seen) => seen.reduce((sum, { offset }) => sum + offset.kafka_offset, 0) === once,
      timeoutMs: 90_000,
    },
  );

  const fromTheBeginning = group.map((each) => ({ ...each, offset: { kafka_offset: 0 } }));
  const altered = await whileStopped(sink, () =>
    cluster.api.patch(offsets, { offsets: fromTheBeginning }),
  );
  expect(altered).toBe('The offsets for this connector have been altered successfully');
  await untilCount(copy, once * 2);

  const reset = await whileStopped(sink, () => cluster.api.delete(offsets));
  expect(reset).toBe('The offsets for this connector have been reset successfully');
  await untilCount(copy, once * 3);
}, 120_000);

interface GroupOffset {
  readonly partition: object;
  readonly offset: { readonly kafka_offset: number };
}

/** Resolves with the message of what was asked for, once it was done. */
async function whileStopped(
  connector: string,
  ask: () => Promise<{ readonly status: number; readonly body: unknown }>,
): Promise<unknown> {
  await cluster.api.put(`/connectors/${connector}/stop`, undefined);
  const answer = await waitFor(ask, {
    what: `the offsets of ${connector} to be changed`,
    // Its tasks have not stopped yet.
    until: ({ status }) => status === 200,
    timeoutMs: 20_000,
  });
  await cluster.api.put(`/connectors/${connector}/resume`, undefined);
  return (answer.body as { readonly message: string }).message;
}

async function untilCount(copy: JdbcCopy, count: number): Promise<void> {
  await waitFor(async () => Number(await copy.sqlTo('SELECT count(*) FROM history')), {
    what: `${String(count)} records in the history`,
    until: (seen) => seen === count,
    timeoutMs: 30_000,
    intervalMs: 200,
  });
}
