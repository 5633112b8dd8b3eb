import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { readFileOrStdin } from '../src/read-file.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-read-file-'));
});

afterAll(() => rmSync(folder, { recursive: true }));

async function read(name: string, bytes: Buffer): Promise<string> {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return await readFileOrStdin(path, { stdin: async () => '' });
}

const text = 'name=größe';

test('files are UTF-8, with or without a mark in front', async () => {
  expect(await read('a.properties', Buffer.from(text))).toBe(text);
  expect(await read('a.json', Buffer.from(`\uFEFF${text}`))).toBe(text);
});

test('properties may be in Latin-1, in which Java reads them', async () => {
  expect(await read('b.properties', Buffer.from(text, 'latin1'))).toBe(text);
});

test('nothing else is put in place of what is no text', async () => {
  for (const name of ['b.json', 'b.yaml'])
    await expect(read(name, Buffer.from(text, 'latin1'))).rejects.toThrow(
      /b\.\w+: it is not UTF-8$/,
    );
});

test('a file that is not there is named', async () => {
  const path = join(folder, 'none');
  await expect(readFileOrStdin(path, { stdin: async () => '' })).rejects.toThrow(
    `cannot read ${path}: there is no such file`,
  );
});
