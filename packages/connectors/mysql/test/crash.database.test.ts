/**
 * kill -9 while a snapshot is read and while changes are streamed: in the end each row is as in the database.
 * `KILL_ROUNDS` asks for more rounds.
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { spawnGuarded, startMariadb, waitFor } from '@sluice/testkit';
import { afterAll, expect, test } from 'vitest';
import { configOf } from './capture.ts';
import { lastOffsetOf, linesOf, sizeOf } from './crash-process.ts';

const mariadb = await startMariadb();
const dir = mkdtempSync(join(tmpdir(), 'sluice-crash-'));
afterAll(async () => {
  rmSync(dir, { recursive: true, force: true });
  await mariadb[Symbol.asyncDispose]();
});

const rounds = Number(process.env['KILL_ROUNDS'] ?? 4);
/** So many that the snapshot lasts for all rounds. */
const snapshotRows = 15_000 * rounds;
const program = fileURLToPath(new URL('crash-process.ts', import.meta.url));
const testLimitMs = 120_000 + rounds * 20_000;

function start(file: string, config: object): ChildProcess {
  const args = ['--conditions=@sluice/source', '--no-warnings', program, file];
  const child = spawnGuarded({
    command: process.execPath,
    args: [...args, JSON.stringify(config)],
  });
  child.stdout?.resume();
  child.stderr?.pipe(process.stderr, { end: false });
  return child;
}

/** Rows as the changes in the file leave them. */
function stateOf(file: string, topic: string): Map<number, number> {
  const state = new Map<number, number>();
  for (const line of linesOf(file)) {
    if (!('record' in line) || line.record.topic !== topic) continue;
    const { id, n } = line.record.row as { id: number; n: number };
    if (line.record.op === 'd') state.delete(id);
    else state.set(id, n);
  }
  return state;
}

function isInSnapshot(file: string): boolean {
  return lastOffsetOf(file)?.['snapshot_completed'] === false;
}

/** What differs between the rows of the one and of the other. */
function differences(wanted: string, state: ReadonlyMap<number, number>): string[] {
  const [there, captured] = [new Set(wanted.split('\n')), new Set(textOf(state).split('\n'))];
  return [
    ...[...there].filter((row) => !captured.has(row)).map((row) => `the database has ${row}`),
    ...[...captured].filter((row) => !there.has(row)).map((row) => `captured is ${row}`),
  ];
}

function textOf(state: ReadonlyMap<number, number>): string {
  return [...state]
    .toSorted(([one], [other]) => one - other)
    .map(([id, n]) => `${String(id)}\t${String(n)}`)
    .join('\n');
}

test.each([
  { what: 'a snapshot', rowCount: snapshotRows },
  { what: 'streaming', rowCount: 200 },
])(
  `after ${String(rounds)} kills during $what each row is right`,
  async ({ rowCount, what }) => {
    const url = await mariadb.createDatabase('kill');
    const own = new URL(url).pathname.slice(1);
    await mariadb.sql(
      `CREATE TABLE item (id int PRIMARY KEY AUTO_INCREMENT, n int, pad varchar(200));
     INSERT INTO item (n, pad) SELECT 0, repeat('x', 150) FROM seq_1_to_${String(rowCount)}`,
      own,
    );
    const file = join(dir, `${own}.jsonl`);
    const config = configOf(url, {
      'snapshot.fetch.size': '500',
      'max.batch.size': '100',
      'max.queue.size': '100',
    });
    const writer = new AbortController();
    const writing = (async () => {
      for (let round = 1; !writer.signal.aborted; round += 1) {
        await mariadb.sql(
          `BEGIN; INSERT INTO item (n, pad) SELECT ${round}, 'new' FROM seq_1_to_20;
         UPDATE item SET n = ${round} WHERE id % 37 = ${round % 37} LIMIT 300;
         DELETE FROM item WHERE id % 101 = ${round % 101} LIMIT 10; COMMIT`,
          own,
        );
        await sleep(20);
      }
    })();
    // Whoever waits for it sees the failure.
    writing.catch(() => {});
    let killedInSnapshot = 0;
    for (let round = 0; round < rounds; round += 1) {
      const before = sizeOf(file);
      const child = start(file, config);
      // Of what it has written, so that a slow machine kills no process that has done nothing.
      await waitFor(
        // It begins with the end of a line that may have been torn.
        () => sizeOf(file) > before + 1 && (what === 'a snapshot' || !isInSnapshot(file)),
        { what: 'records', timeoutMs: 60_000 },
      );
      await sleep((round * 37) % (what === 'a snapshot' ? 100 : 400));
      child.kill('SIGKILL');
      await once(child, 'close');
      if (isInSnapshot(file)) killedInSnapshot += 1;
    }
    writer.abort();
    await writing;
    const wanted = await mariadb.sql('SELECT id, n FROM item ORDER BY id', own);
    const child = start(file, config);
    try {
      let size = 0;
      // Long files are not read while they grow.
      const isCalm = (): boolean => size === (size = sizeOf(file));
      await waitFor(() => isCalm() && textOf(stateOf(file, `shop.${own}.item`)) === wanted, {
        what: 'all rows to be as in the database',
        progress: () => sizeOf(file),
        timeoutMs: 60_000,
        intervalMs: 1_000,
      }).catch(() => {});
    } finally {
      child.kill('SIGKILL');
    }
    const wrong = differences(wanted, stateOf(file, `shop.${own}.item`));
    expect(wrong).toEqual([]);
    const rows = wanted.split('\n').length;
    const lines = linesOf(file).length;
    const result = { rows, lines, wrong: wrong.length, killedInSnapshot, rounds };
    process.stdout.write(`${what}: ${JSON.stringify(result)}\n`);
    if (what === 'a snapshot') expect(killedInSnapshot).toBeGreaterThan(rounds / 2);
    else expect(killedInSnapshot).toBe(0);
  },
  testLimitMs,
);
