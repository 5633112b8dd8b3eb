import { appendFile, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeSink, describeSource } from '@sluice/connector-testkit';
import { fileStreamSink, fileStreamSource } from '../src/index.ts';

async function newFolder(): Promise<{ folder: string; close: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-file-contract-'));
  return { folder, close: () => rm(folder, { recursive: true }) };
}

describeSource(fileStreamSource, {
  setup: async () => {
    const { folder, close } = await newFolder();
    const file = join(folder, 'in.txt');
    await writeFile(file, '');
    let written = 0;
    return {
      config: { file, topic: 'lines', 'batch.size': '50' },
      produce: async (count) => {
        const lines = Array.from({ length: count }, () => `line ${String((written += 1))}`);
        await appendFile(file, `${lines.join('\n')}\n`);
        return lines;
      },
      identify: ({ value }) => String(value),
      // The file is not there for a while.
      fail: { begin: () => rename(file, `${file}.away`), end: () => rename(`${file}.away`, file) },
      close,
    };
  },
  invalid: [
    { config: { file: '' }, names: 'file' },
    { config: { topic: '' }, names: 'topic' },
  ],
});

describeSink(fileStreamSink, {
  setup: async () => {
    const { folder, close } = await newFolder();
    const file = join(folder, 'out.txt');
    return {
      config: { file },
      arrived: async () => {
        const text = await readFile(file, 'utf8').catch(() => '');
        const lines = text.split('\n').filter((line) => line !== '');
        return lines.map((line) => String((JSON.parse(line) as { n: number }).n));
      },
      close,
    };
  },
});
