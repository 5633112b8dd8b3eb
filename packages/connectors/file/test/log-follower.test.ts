/** Every way in which a log may be rotated, with the follower running, stopped in between, or far behind. */
import {
  appendFile,
  copyFile,
  mkdtemp,
  rename,
  rm,
  truncate,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TaskLogger } from '@sluice/connector-api';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { LogPosition } from '../src/generation.ts';
import { LogFollower } from '../src/log-follower.ts';

const logger: TaskLogger = { debug() {}, info() {}, warn() {}, error() {} };

let folder: string;
let log: string;
let nowMs = 0;
let written = 0;
let at: LogPosition | undefined;
let seen: string[] = [];
let follower: LogFollower;

const start = (more: Partial<ConstructorParameters<typeof LogFollower>[0]> = {}): void => {
  follower = new LogFollower({
    log,
    at,
    multilineStart: undefined,
    multilineWaitMs: 100,
    rotatedWaitMs: 100,
    lineBytesMax: 100_000,
    logger,
    monotonicMs: () => nowMs,
    ...more,
  });
};

const writeLines = async (count: number, path = log): Promise<void> => {
  const lines = Array.from({ length: count }, () => `line ${String((written += 1))}\n`);
  await appendFile(path, lines.join(''));
};

const readOnce = async (max = 1_000): Promise<number> => {
  const entries = await follower.read(max);
  for (const entry of entries) {
    seen.push(entry.text);
    at = entry.at;
  }
  return entries.length;
};

/** Until nothing comes for as long as a rotated file is waited for. */
const readAll = async (): Promise<void> => {
  for (let rest = 0; rest < 6; rest += 1) {
    while ((await readOnce()) > 0) rest = 0;
    nowMs += 250;
  }
};

const restart = async (): Promise<void> => {
  await follower.close();
  start();
};

const all = (): string[] => Array.from({ length: written }, (_, n) => `line ${String(n + 1)}`);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-follower-'));
  log = join(folder, 'orders.log');
  at = undefined;
  seen = [];
  written = 0;
  start();
});
afterEach(async () => {
  await follower.close();
  await rm(folder, { recursive: true });
});

test('a log that is not there yet, and then grows', async () => {
  await readAll();
  await writeLines(3);
  await readAll();
  await writeLines(3);
  await readAll();
  expect(seen).toEqual(all());
});

test('renamed: the old file is read to its end, also what is written late, then the new one', async () => {
  await writeLines(3);
  await readAll();
  await writeLines(2);
  await rename(log, `${log}.1`);
  await readOnce();
  // The service has not noticed yet.
  await writeLines(2, `${log}.1`);
  await readOnce();
  const late = written;
  await writeLines(3);
  expect(seen).toHaveLength(late - 2 + 2);
  await readAll();
  expect(seen).toEqual(all());
});

test('renamed twice while nobody read: all three files, in order', async () => {
  await writeLines(3);
  await readAll();
  await follower.close();
  await writeLines(2);
  await rename(log, `${log}.1`);
  await writeLines(2);
  await rename(`${log}.1`, `${log}.2`);
  await rename(log, `${log}.1`);
  await writeLines(2);
  start();
  await readAll();
  expect(seen).toEqual(all());
});

test('copied and truncated while it was read', async () => {
  await writeLines(3);
  await readAll();
  await copyFile(log, `${log}.1`);
  await truncate(log);
  await writeLines(1);
  await readAll();
  expect(seen).toEqual(all());
});

test('copied and truncated before it was read to its end: the copy has the rest', async () => {
  await writeLines(10);
  await readOnce(4);
  await follower.close();
  start();
  await copyFile(log, `${log}.1`);
  await truncate(log);
  await writeLines(20);
  await readAll();
  expect(seen).toEqual(all());
});

test('copied and truncated before its first entry is complete: the copy has it', async () => {
  await follower.close();
  start({ multilineStart: /^line/ });
  await writeLines(1);
  expect(await readOnce()).toBe(0);
  await copyFile(log, `${log}.1`);
  await truncate(log);
  await writeLines(2);
  await readAll();
  expect(seen).toEqual(all());
});

test('truncated, and longer than before when it is looked at again', async () => {
  await writeLines(3);
  await readAll();
  await copyFile(log, `${log}.1`);
  await truncate(log);
  await writeLines(50);
  await readAll();
  expect(seen).toEqual(all());
});

test('the file that was read is gone: the next one from its beginning', async () => {
  await writeLines(3);
  await readAll();
  await follower.close();
  await rename(log, `${log}.1`);
  await unlink(`${log}.1`);
  await writeLines(3);
  start();
  await readAll();
  expect(seen).toEqual(all());
});

test('files of a day each, of which none has the name of the log', async () => {
  await writeLines(2, join(folder, 'orders-2026-11-29.log'));
  await writeLines(2, join(folder, 'orders-2026-11-30.log'));
  await readAll();
  await restart();
  await writeLines(2, join(folder, 'orders-2026-11-30.log'));
  await writeLines(2, join(folder, 'orders-2026-12-01.log'));
  await readAll();
  expect(seen).toEqual(all());
});

test('a restart at any entry goes on behind it, however the file was renamed or copied meanwhile', async () => {
  for (let round = 0; round < 12; round += 1) {
    await writeLines(5);
    await readOnce(3);
    await follower.close();
    if (round % 3 === 0) await rename(log, `${log}-202611${String(10 + round)}`);
    if (round % 3 === 1) {
      await copyFile(log, `${log}-202611${String(10 + round)}`);
      await truncate(log);
    }
    start();
    await readOnce(4);
    await restart();
  }
  await readAll();
  expect(seen).toEqual(all());
});

test('the last line of a rotated file needs no terminator; that of the log waits for one', async () => {
  await writeFile(log, 'one\ntwo');
  await readAll();
  expect(seen).toEqual(['one']);
  await rename(log, `${log}.1`);
  await writeFile(log, 'three\n');
  await readAll();
  expect(seen).toEqual(['one', 'two', 'three']);
});

test('a line that is longer than the limit comes in pieces, none of which cuts a character', async () => {
  start({ lineBytesMax: 70_000 });
  const long = 'ä€😀'.repeat(30_000);
  await writeFile(log, `${long}\nshort\n`);
  await readAll();
  expect(seen.at(-1)).toBe('short');
  expect(seen.length).toBeGreaterThan(2);
  expect(seen.slice(0, -1).join('')).toBe(long);
});

test('entries of several lines: a stack trace stays with its message, the last one comes after a while', async () => {
  start({ multilineStart: /^\d/ });
  await appendFile(log, '1 fails\n  at a\n  at b\n2 goes on\n3 fails\n  at c\n');
  await readOnce();
  expect(seen).toEqual(['1 fails\n  at a\n  at b', '2 goes on']);
  await follower.close();
  start({ multilineStart: /^\d/ });
  await readAll();
  expect(seen.at(-1)).toBe('3 fails\n  at c');
  await appendFile(log, '4\n');
  await readAll();
  expect(seen).toHaveLength(4);
});

test('an entry of which no line begins another is cut', async () => {
  start({ multilineStart: /^never$/ });
  await writeLines(2_500);
  await readAll();
  expect(seen.join('\n').split('\n')).toEqual(all());
  expect(seen.length).toBeGreaterThan(2);
});

test('an offset in a file whose inode was given to another one does not hide lines', async () => {
  await writeLines(3);
  await readAll();
  await follower.close();
  // In place: the same inode with other content that is longer.
  await writeFile(log, '');
  written = 100;
  await writeLines(20);
  start();
  await readAll();
  expect(seen.slice(3)).toEqual(all().slice(100));
});
