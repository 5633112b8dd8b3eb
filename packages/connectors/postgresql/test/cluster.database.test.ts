import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCluster, usePostgres, waitFor } from '@sluice/testkit';
import { expect, test } from 'vitest';
import { configOf } from './capture.ts';

/** As `/sluice/tasks` tells it. */
interface Unit {
  readonly id: string;
  readonly state: string;
  readonly worker: string | null;
}

interface Line {
  readonly id: number;
  readonly n: number;
  readonly __deleted: string;
}

test('a database is copied into a file while the worker that captures it is killed', {
  timeout: 120_000,
}, async () => {
  await using postgres = await usePostgres();
  const url = await postgres.createDatabase('pipeline');
  const database = new URL(url).pathname.slice(1);
  const sql = (text: string) => postgres.sql(text, database);
  await sql(
    'CREATE TABLE item (id int PRIMARY KEY, n int); INSERT INTO item SELECT n, 0 FROM generate_series(1, 5000) n; ALTER TABLE item REPLICA IDENTITY FULL',
  );
  await using cluster = await startCluster({ workers: 2 });
  const folder = mkdtempSync(join(tmpdir(), 'sluice-pipeline-'));
  const file = join(folder, 'out.jsonl');
  const json = {
    'key.converter': 'org.apache.kafka.connect.json.JsonConverter',
    'key.converter.schemas.enable': 'false',
    'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
    'value.converter.schemas.enable': 'false',
  };
  await cluster.apply('shop', {
    ...configOf(url),
    ...json,
    transforms: 'rows',
    'transforms.rows.type': 'io.debezium.transforms.ExtractNewRecordState',
    'transforms.rows.delete.tombstone.handling.mode': 'rewrite',
  });
  await cluster.apply('copy', {
    'connector.class': 'FileStreamSink',
    topics: 'shop.public.item',
    file,
    ...json,
  });
  const rows = (): Map<number, number> => {
    const state = new Map<number, number>();
    const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];
    for (const { __deleted, id, n } of lines.map((line) => JSON.parse(line) as Line))
      if (__deleted === 'true') state.delete(id);
      else state.set(id, n);
    return state;
  };
  await waitFor(() => rows().size, { what: 'the first rows', timeoutMs: 40_000 });
  for (let round = 1; round <= 2; round += 1) {
    const owner = await waitFor(
      async () => {
        const units = await cluster.api.read<readonly Unit[]>('/sluice/tasks?connector=shop');
        const task = units.find(({ id, state }) => id === 'task/shop/0' && state === 'RUNNING');
        return cluster.workers.find(({ name }) => name === task?.worker);
      },
      {
        what: 'a live owner',
        until: (worker) => worker?.process.hasExited === false,
        timeoutMs: 30_000,
      },
    );
    await sql(
      `UPDATE item SET n = ${String(round)} WHERE id % 2 = 0; DELETE FROM item WHERE id % 100 = ${String(round)}`,
    );
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
  const seen = await waitFor(rows, {
    what: 'the file to be the table',
    until: (state) =>
      state.size === actual.size && [...actual].every(([id, n]) => state.get(id) === n),
    timeoutMs: 60_000,
  });
  expect(seen.size).toBe(4902);
  await cluster.stop();
  await sql(
    `SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = '${database}' AND NOT active`,
  );
  rmSync(folder, { recursive: true });
});
