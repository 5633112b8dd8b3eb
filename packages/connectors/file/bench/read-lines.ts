/**
 * How many lines a second FileStreamSource hands over, without a log behind it.
 *
 *     node --conditions=@sluice/source packages/connectors/file/bench/read-lines.ts [lines] [bytes a line]
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileStreamSource } from '../src/index.ts';

const lineCount = Number(process.argv[2] ?? 500_000);
const lineBytes = Number(process.argv[3] ?? 100);
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
try {
  const file = join(folder, 'lines.txt');
  const line = `${'x'.repeat(lineBytes - 1)}\n`;
  await writeFile(file, line.repeat(lineCount));

  const task = fileStreamSource.createTask();
  const { signal } = new AbortController();
  const context = { connector: 'bench', task: 0, logger: silent, configs: () => ({}), signal };
  await task.start({ file, topic: 'lines' }, { ...context, offsets: async () => [undefined] });
  const startMs = performance.now();
  let read = 0;
  while (read < lineCount) read += (await task.poll())?.length ?? 0;
  const seconds = (performance.now() - startMs) / 1_000;
  await task.stop();
  console.log(
    `${String(read)} lines of ${String(lineBytes)} bytes in ${seconds.toFixed(2)} s: ` +
      `${Math.round(read / seconds).toLocaleString('en')} lines/s`,
  );
} finally {
  await rm(folder, { recursive: true });
}
