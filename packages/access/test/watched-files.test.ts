import { mkdtemp, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Logger, silentLogger } from '@sluice/kernel';
import { FakeClock } from '@sluice/kernel/testing';
import { expect, onTestFinished, test, vi } from 'vitest';

import { WatchedFiles } from '../src/watched-files.ts';

interface Watched {
  readonly files: WatchedFiles;
  readonly clock: FakeClock;
  readonly path: string;
  /** What was put to use. */
  readonly used: string[];
  readonly warnings: string[];
}

/** Contents that begin with "bad" cannot be used. */
async function watching(text: string): Promise<Watched> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-watched-'));
  const path = join(folder, 'file');
  await writeFile(path, text);
  const clock = new FakeClock();
  const used: string[] = [];
  const warnings: string[] = [];
  const logger: Logger = {
    ...silentLogger,
    warn: (fields) => void warnings.push(String(Reflect.get(fields, 'error'))),
  };
  const files = new WatchedFiles({
    what: 'the callers',
    paths: [path],
    use: (contents) => {
      const content = contents.get(path) ?? '';
      if (content.startsWith('bad')) throw new Error(`wrong: ${content.length} characters`);
      used.push(content);
    },
    clock,
    logger,
  });
  onTestFinished(async () => {
    await files.stop();
    await rm(folder, { recursive: true });
  });
  return { files, clock, path, used, warnings };
}

/** Lets so much time pass that the files are looked at, which is over when the next look is planned. */
async function look(clock: FakeClock, afterMs: number): Promise<void> {
  const planned = vi.spyOn(clock, 'after');
  await clock.advance(afterMs);
  await vi.waitFor(() => expect(planned).toHaveBeenCalled(), { timeout: 15_000 });
  planned.mockRestore();
}

test('a file that changes is put to use half a second after it was found, and one that does not is not', async () => {
  const { files, clock, path, used } = await watching('one');
  await files.start();
  await look(clock, 5_000);
  await writeFile(path, 'two');
  await look(clock, 5_000);
  expect(used).toEqual(['one']);
  await look(clock, 500);
  expect(used).toEqual(['one', 'two']);
});

test('what is being written does not count', async () => {
  const { files, clock, path, used } = await watching('one');
  await files.start();
  for (const half of ['', 'tw', 'two']) {
    await writeFile(path, half);
    await look(clock, half === '' ? 5_000 : 500);
  }
  expect(used).toEqual(['one']);
  await look(clock, 500);
  expect(used).toEqual(['one', 'two']);
});

test('what cannot be used is told once, and what was there stays until something else can be', async () => {
  const { files, path, used, warnings } = await watching('one');
  await files.start();
  await writeFile(path, 'bad one');
  await files.check();
  await files.check();
  expect(warnings).toEqual(['wrong: 7 characters']);
  await unlink(path);
  await files.check();
  await files.check();
  expect(warnings).toHaveLength(2);
  expect(warnings[1]).toContain(`cannot read ${path}`);
  await writeFile(path, 'two');
  await files.check();
  expect(used).toEqual(['one', 'two']);
});

test('a link that is exchanged, as tools do that mount secrets, is a change', async () => {
  const { files, path, used } = await watching('one');
  await files.start();
  await writeFile(`${path}.new`, 'two');
  await unlink(path);
  await symlink(`${path}.new`, path);
  await files.check();
  expect(used).toEqual(['one', 'two']);
});

test('a start with what cannot be used fails, and so does one without the file', async () => {
  const { files, path } = await watching('bad');
  await expect(files.start()).rejects.toThrow('wrong');
  await unlink(path);
  await expect(files.start()).rejects.toMatchObject({ code: 'config.invalid' });
});
