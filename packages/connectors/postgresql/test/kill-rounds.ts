/**
 * Rounds of kill -9 on a process that captures, while the database changes. In the end each row's last record must be
 * the row as it is in the database, and no row may be missing.
 */
import { existsSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConnectorConfig } from '@sluice/connector-api';
import { type DatabaseServer, spawnGuarded, waitFor } from '@sluice/testkit';
import { configOf } from './capture.ts';
import { readLines } from './capture-process.ts';

export interface KillRoundsOptions {
  readonly server: DatabaseServer;
  readonly rounds: number;
  /** What the kills fall into. */
  readonly during: 'snapshot' | 'streaming';
  readonly seed: number;
}

export interface KillRoundsResult {
  readonly rows: number;
  readonly lines: number;
  /** Rows whose last record is not what the database has. */
  readonly wrong: readonly string[];
  /** Rounds in which the process was killed before its snapshot was complete, or after. */
  readonly killedInSnapshot: number;
  readonly killedInStream: number;
}

const tables = ['one', 'two', 'three'];
/** So many in each table that the snapshot lasts for all rounds. */
const rowsForRound = 4_000;

export async function killRounds(options: KillRoundsOptions): Promise<KillRoundsResult> {
  const { during, rounds, seed, server } = options;
  const url = await server.createDatabase(`kill_${during}`);
  const database = new URL(url).pathname.slice(1);
  const sql = (text: string) => server.sql(text, database);
  const random = randomOf(seed);
  const rowsOf = during === 'snapshot' ? rowsForRound * rounds : 200;
  for (const table of tables)
    await sql(`CREATE TABLE ${table} (id int, region text, n int, PRIMARY KEY (region, id));
      INSERT INTO ${table} SELECT n, chr(97 + n % 7), 0 FROM generate_series(1, ${String(rowsOf)}) n`);
  const folder = await mkdtemp(join(tmpdir(), 'sluice-kill-'));
  const file = join(folder, 'log');
  const config = configOf(url, {
    'snapshot.fetch.size': '100',
    'snapshot.max.threads': '2',
    'max.batch.size': '200',
    'status.update.interval.ms': '100',
  });
  const kills = { snapshot: 0, stream: 0 };
  const stopWriting = write(sql, random, rowsOf);
  try {
    for (let round = 0; round < rounds; round += 1) {
      const before = sizeOf(file);
      const isInStream = await runAndKill({ config, file, during, before, pauseMs: random() * 60 });
      if (isInStream) kills.stream += 1;
      else kills.snapshot += 1;
    }
  } finally {
    await stopWriting();
  }
  const actual = await rowsIn(sql);
  const last = capture(config, file);
  try {
    await waitFor(() => wrongRows(actual, file).length === 0, {
      what: 'each row to be as it is in the database',
      progress: () => sizeOf(file),
      timeoutMs: 60_000,
      intervalMs: 1_000,
    }).catch(() => {});
  } finally {
    last.child.kill('SIGKILL');
  }
  const result = {
    rows: actual.size,
    lines: readLines(file).length,
    wrong: wrongRows(actual, file),
    killedInSnapshot: kills.snapshot,
    killedInStream: kills.stream,
  };
  await sql(
    `SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = '${config['slot.name'] ?? ''}' AND active`,
  );
  await waitFor(
    async () =>
      (await sql(
        `SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = '${config['slot.name'] ?? ''}' AND NOT active`,
      ),
      await sql(
        `SELECT 1 FROM pg_replication_slots WHERE slot_name = '${config['slot.name'] ?? ''}'`,
      )) === '',
    { what: 'the slot to be dropped' },
  );
  await rm(folder, { recursive: true });
  return result;
}

function sizeOf(file: string): number {
  return existsSync(file) ? statSync(file).size : 0;
}

function capture(config: ConnectorConfig, file: string) {
  const child = spawnGuarded({
    command: process.execPath,
    args: [
      '--conditions=@sluice/source',
      join(import.meta.dirname, 'capture-process.ts'),
      file,
      JSON.stringify(config),
    ],
  });
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return { child, output: () => output };
}

/** Until something more was captured, and a little longer. Returns whether it was streaming when it was killed. */
async function runAndKill(options: {
  readonly config: ConnectorConfig;
  readonly file: string;
  readonly during: 'snapshot' | 'streaming';
  readonly before: number;
  readonly pauseMs: number;
}): Promise<boolean> {
  const { before, config, during, file, pauseMs } = options;
  const { child, output } = capture(config, file);
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const isStreaming = (): boolean => output().includes('streaming changes');
  // It begins with the end of a line that may have been cut.
  await waitFor(() => sizeOf(file) > before + 1 && (during === 'snapshot' || isStreaming()), {
    what: 'records more',
    timeoutMs: 60_000,
    intervalMs: 5,
    explain: async () => `it printed: ${output()}`,
  });
  await new Promise((resolve) => setTimeout(resolve, pauseMs));
  const wasStreaming = isStreaming();
  child.kill('SIGKILL');
  await ended;
  return wasStreaming;
}

/** Changes rows until it is stopped: values, keys, new rows, rows that go. */
function write(
  sql: (text: string) => Promise<string>,
  random: () => number,
  rows: number,
): () => Promise<void> {
  const stopping = new AbortController();
  let n = 0;
  const writing = (async () => {
    while (!stopping.signal.aborted) {
      const statements = Array.from({ length: 5 }, () => {
        n += 1;
        const table = tables[Math.floor(random() * tables.length)] ?? 'one';
        const id = String(1 + Math.floor(random() * rows * 1.2));
        const region = String.fromCharCode(97 + Math.floor(random() * 7));
        switch (Math.floor(random() * 4)) {
          case 0:
            return `DELETE FROM ${table} WHERE id = ${id}`;
          case 1:
            return `UPDATE ${table} SET region = '${region}'
              WHERE ctid = (SELECT ctid FROM ${table} WHERE id = ${id} AND region <> '${region}' LIMIT 1)
                AND NOT EXISTS (SELECT FROM ${table} WHERE id = ${id} AND region = '${region}')`;
          case 2:
            return `UPDATE ${table} SET n = ${String(n)} WHERE id BETWEEN ${id} AND ${id} + 20`;
          default:
            return `INSERT INTO ${table} VALUES (${id}, '${region}', ${String(n)}) ON CONFLICT (region, id) DO UPDATE SET n = excluded.n`;
        }
      });
      await sql(`BEGIN; ${statements.join('; ')}; COMMIT`);
    }
  })();
  // Whoever stops it sees the failure.
  writing.catch(() => {});
  return async () => {
    stopping.abort();
    await writing;
  };
}

async function rowsIn(sql: (text: string) => Promise<string>): Promise<Map<string, string>> {
  const rows = new Map<string, string>();
  for (const table of tables) {
    const text = await sql(`SELECT region, id, n FROM ${table}`);
    for (const line of text.split('\n')) {
      const [region = '', id = '', n = ''] = line.split('\t');
      if (region !== '') rows.set(`${table}/${region}/${id}`, n);
    }
  }
  return rows;
}

/** What a table of the target would have after all lines, beside what there is. */
function wrongRows(actual: ReadonlyMap<string, string>, file: string): string[] {
  const target = new Map<string, string>();
  for (const { after, key, op, topic } of readLines(file)) {
    const { id, region } = key as { id: number; region: string };
    const name = `${topic.split('.').at(-1) ?? ''}/${region}/${String(id)}`;
    if (op === undefined || op === 'd') target.delete(name);
    else target.set(name, String(after?.['n']));
  }
  const missing = [...actual]
    .filter(([name, n]) => target.get(name) !== n)
    .map(([name, n]) => `${name} is ${n}, not ${target.get(name) ?? 'there'}`);
  const ghosts = [...target.keys()]
    .filter((name) => !actual.has(name))
    .map((name) => `${name} is gone`);
  return [...missing, ...ghosts];
}

/** The same numbers for the same seed. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
