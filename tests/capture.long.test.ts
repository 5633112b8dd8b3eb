/**
 * A table is captured into a topic, and from there into a file, while the worker that captures it is killed with SIGKILL.
 * In the end the file has each row as it is at the database.
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Cluster,
  makeOwnedFolder,
  startCluster,
  startMariadb,
  startPostgres,
  waitFor,
} from '@sluice/testkit';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { clusterState, liveOwnerOf, showLogsOnFailure } from './support/cluster-facts.ts';

const folder = makeOwnedFolder('capture');
/** More of them, at most 99: KILL_ROUNDS=20 npm run test:long -- tests/capture */
const rounds = Number(process.env['KILL_ROUNDS'] ?? 2);
let cluster: Cluster;

beforeAll(async () => {
  cluster = await startCluster({ workers: 2 });
}, 300_000);
afterAll(() => cluster?.stop());
beforeEach(() => showLogsOnFailure(cluster));

interface Line {
  readonly id: number;
  readonly n: number;
  readonly __deleted: string;
}

const databases = [
  {
    name: 'PostgreSQL',
    start: startPostgres,
    connectorClass: 'io.debezium.connector.postgresql.PostgresConnector',
    keys: (database: string) => ({ 'database.dbname': database, 'snapshot.max.threads': '2' }),
    topicOf: (prefix: string) => `${prefix}.public.item`,
    numbers: 'generate_series(1, 5000) n',
    wholeRows: 'ALTER TABLE item REPLICA IDENTITY FULL',
  },
  {
    name: 'MariaDB',
    start: startMariadb,
    connectorClass: 'io.debezium.connector.mariadb.MariaDbConnector',
    keys: (database: string) => ({
      'database.server.id': '6001',
      'database.include.list': database,
    }),
    topicOf: (prefix: string, database: string) => `${prefix}.${database}.item`,
    numbers: '(SELECT seq AS n FROM seq_1_to_5000) numbers',
    wholeRows: 'SELECT 1',
  },
];

test.each(databases)(
  '$name is copied into a file while the worker that captures it is killed',
  {
    timeout: 120_000 + rounds * 60_000,
  },
  async ({ connectorClass, keys, name, numbers, start, topicOf, wholeRows }) => {
    await using server = await start();
    const url = new URL(await server.createDatabase('pipeline'));
    const database = url.pathname.slice(1);
    const sql = (text: string): Promise<string> => server.sql(text, database);
    await sql(`CREATE TABLE item (id int PRIMARY KEY, n int);
    INSERT INTO item SELECT n, 0 FROM ${numbers}; ${wholeRows}`);
    const prefix = name.toLowerCase();
    const file = join(folder, `${prefix}.jsonl`);
    const json = {
      'key.converter': 'org.apache.kafka.connect.json.JsonConverter',
      'key.converter.schemas.enable': 'false',
      'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
      'value.converter.schemas.enable': 'false',
    };
    await cluster.apply(`${prefix}-shop`, {
      ...json,
      'connector.class': connectorClass,
      'database.hostname': url.hostname,
      'database.port': url.port,
      'database.user': decodeURIComponent(url.username),
      'database.password': decodeURIComponent(url.password),
      ...keys(database),
      'topic.prefix': prefix,
      transforms: 'rows',
      'transforms.rows.type': 'io.debezium.transforms.ExtractNewRecordState',
      'transforms.rows.delete.tombstone.handling.mode': 'rewrite',
    });
    await cluster.apply(`${prefix}-copy`, {
      'connector.class': 'FileStreamSink',
      topics: topicOf(prefix, database),
      file,
      ...json,
    });
    const explain = (): Promise<string> => clusterState(cluster);
    await waitFor(() => stateOf(file).size, {
      what: 'the first rows',
      explain,
      timeoutMs: 60_000,
    });
    for (let round = 1; round <= rounds; round += 1) {
      const owner = await liveOwnerOf(cluster, `${prefix}-shop`);
      await sql(`UPDATE item SET n = ${String(round)} WHERE id % 2 = 0;
      DELETE FROM item WHERE id % 100 = ${String(round)}`);
      await owner.process.kill('SIGKILL');
      await cluster.addWorker();
      await sql(`INSERT INTO item VALUES (${String(5000 + round)}, ${String(round)})`);
    }
    const actual = new Map(
      (await sql('SELECT id, n FROM item')).split('\n').map((line) => {
        const [id, n] = line.split('\t').map(Number);
        return [id ?? 0, n ?? 0] as const;
      }),
    );
    // Of each hundred one goes in each round, and one comes.
    expect(actual.size).toBe(5000 - 49 * rounds);
    await waitFor(() => stateOf(file), {
      what: 'the file to be the table',
      until: (state) =>
        state.size === actual.size && [...actual].every(([id, n]) => state.get(id) === n),
      progress: () => statSync(file).size,
      explain,
      timeoutMs: 60_000,
    });
    process.stdout.write(`${name}: ${String(rounds)} kills, ${String(actual.size)} rows\n`);
    for (const connector of ['shop', 'copy'])
      await cluster.api.delete(`/connectors/${prefix}-${connector}`);
  },
);

/** Each row as its last line has it. */
function stateOf(file: string): ReadonlyMap<number, number> {
  const state = new Map<number, number>();
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];
  for (const { __deleted, id, n } of lines.map((line) => JSON.parse(line) as Line))
    if (__deleted === 'true') state.delete(id);
    else state.set(id, n);
  return state;
}
