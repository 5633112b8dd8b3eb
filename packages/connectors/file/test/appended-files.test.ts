import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { AppendedFiles } from '../src/appended-files.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-appended-'));
});
afterEach(() => rm(folder, { recursive: true }));

test('more files than may be open, over and over: each has its lines in order', async () => {
  const files = new AppendedFiles(3);
  const paths = Array.from({ length: 10 }, (_, n) =>
    join(folder, 'a', String(n % 2), `${String(n)}.log`),
  );
  for (let round = 0; round < 4; round += 1)
    for (const path of paths) await files.append(path, `${String(round)}\n`);
  await files.sync();
  await files.close();
  for (const path of paths) expect(await readFile(path, 'utf8')).toBe('0\n1\n2\n3\n');
});

test('half a line that a crash left is marked, and the next line is whole', async () => {
  const path = join(folder, 'a.log');
  await appendFile(path, 'whole\nha');
  const files = new AppendedFiles(3);
  await files.append(path, 'half\n');
  await files.close();
  expect(await readFile(path, 'utf8')).toBe('whole\nha [cut off]\nhalf\n');
});

test('a folder that cannot be made is told by its path', async () => {
  const path = join(folder, 'file');
  await appendFile(path, '');
  const files = new AppendedFiles(3);
  await expect(files.append(join(path, 'x.log'), 'a\n')).rejects.toThrow(
    `cannot make folder "${path}"`,
  );
});
