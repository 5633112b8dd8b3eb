/**
 * kill -9 while a snapshot is read and while changes are streamed: in the end each row is as in the database.
 * `KILL_ROUNDS` asks for more rounds.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startMariadb, waitFor } from '@sluice/testkit';
import { afterAll, expect, test } from 'vitest';
import { configOf } from './capture.ts';
import { linesOf } from './crash-process.ts';

const mariadb = await startMariadb();
const dir = mkdtempSync(join(tmpdir(), 'sluice-crash-'));
afterAll(async () => {
  rmSync(dir, { recursive: true, force: true });
  await mariadb[Symbol.asyncDispose]();
});

const rounds = Number(process.env['KILL_ROUNDS'] ?? 4);
const program = fileURLToPath(new URL('crash-process.ts', import.meta.url));
const testLimitMs = 60_000 + rounds * 10_000;

function start(file: string, config: object): ChildProcess {
  const args = ['--conditions=@sluice/source', '--no-warnings', program, file];
  return spawn(process.execPath, [...args, JSON.stringify(config)], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
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

/** By the last offset. */
function isInSnapshot(file: string): boolean {
  const last = linesOf(file).findLast((line) => 'offset' in line);
  return last !== undefined && 'offset' in last && last.offset['snapshot_completed'] === false;
}

function textOf(state: ReadonlyMap<number, number>): string {
  return [...state]
    .toSorted(([one], [other]) => one - other)
    .map(([id, n]) => `${String(id)}\t${String(n)}`)
    .join('\n');
}

test.each([
  { what: 'a snapshot', rowCount: 60_000, untilMs: (round: number) => 300 + (round % 7) * 100 },
  { what: 'streaming', rowCount: 200, untilMs: (round: number) => 700 + (round % 9) * 150 },
])(
  `after ${String(rounds)} kills during $what each row is right`,
  async ({ rowCount, untilMs, what }) => {
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
    let killedInSnapshot = 0;
    for (let round = 0; round < rounds; round += 1) {
      const linesBefore = linesOf(file).length;
      const child = start(file, config);
      // Of what it has written, so that a slow machine kills no process that has done nothing.
      await waitFor(
        () => linesOf(file).length > linesBefore && (what === 'a snapshot' || !isInSnapshot(file)),
        { what: 'records', timeoutMs: 30_000 },
      );
      await sleep(what === 'a snapshot' ? round % 3 : untilMs(round) / 5);
      child.kill('SIGKILL');
      await once(child, 'close');
      if (isInSnapshot(file)) killedInSnapshot += 1;
    }
    writer.abort();
    await writing;
    const wanted = await mariadb.sql('SELECT id, n FROM item ORDER BY id', own);
    const child = start(file, config);
    try {
      await waitFor(() => textOf(stateOf(file, `shop.${own}.item`)) === wanted, {
        what: 'all rows to be as in the database',
        timeoutMs: 50_000,
        intervalMs: 500,
      });
    } finally {
      child.kill('SIGKILL');
    }
    if (what === 'a snapshot') expect(killedInSnapshot).toBeGreaterThan(0);
    else expect(killedInSnapshot).toBe(0);
  },
  testLimitMs,
);
