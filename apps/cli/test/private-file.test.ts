import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { writePrivateFile } from '../src/private-file.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-private-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

test('nobody else may read it, also where a file was that all could read', async () => {
  const file = join(folder, 'cluster.json');
  await writeFile(file, 'before, and longer');
  await chmod(file, 0o644);
  for (const path of [file, join(folder, 'new.json')]) {
    await writePrivateFile(path, 'secret');
    expect(await readFile(path, 'utf8')).toBe('secret');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  }
  expect((await readdir(folder)).toSorted()).toEqual(['cluster.json', 'new.json']);
});

test('a device is written to', async () => {
  await writePrivateFile('/dev/null', 'secret');
  expect((await stat('/dev/null')).isCharacterDevice()).toBe(true);
});

test('what cannot be written is named, and leaves nothing', async () => {
  await expect(writePrivateFile(join(folder, 'none', 'x.json'), '')).rejects.toThrow(
    /^cannot write .*none\/x\.json: ENOENT/,
  );
  expect(await readdir(folder)).toEqual([]);
});
