import {
  appendFile,
  copyFile,
  glob,
  mkdir,
  mkdtemp,
  readFile,
  rename,
  rm,
  truncate,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeSink, describeSource } from '@sluice/connector-testkit';
import { logFilesSink, logFilesSource } from '../src/index.ts';

async function newFolder(): Promise<{ folder: string; close: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-logs-contract-'));
  return { folder, close: () => rm(folder, { recursive: true }) };
}

const services = ['orders', 'payments', 'web'];

describeSource(logFilesSource, {
  setup: async () => {
    const { folder, close } = await newFolder();
    const logs = join(folder, 'logs');
    let written = 0;
    let rounds = 0;
    await mkdir(logs);
    return {
      config: {
        files: join(logs, '*.log'),
        topic: 'lines',
        'batch.size': '50',
        'refresh.ms': '50',
        'rotated.wait.ms': '200',
      },
      // Each time all services write, and one of them is rotated in one of two ways.
      produce: async (count) => {
        const lines = Array.from({ length: count }, () => `line ${String((written += 1))}`);
        for (const [at, service] of services.entries()) {
          const own = lines.filter((_, n) => n % services.length === at);
          if (own.length > 0)
            await appendFile(join(logs, `${service}.log`), own.map((line) => `${line}\n`).join(''));
        }
        rounds += 1;
        const path = join(logs, `${services[rounds % services.length] ?? ''}.log`);
        const rotated = `${path}.2026-11-30_${String(10 + rounds)}`;
        if (count >= services.length && rounds % 2 === 0) await rename(path, rotated);
        if (count >= services.length && rounds % 2 === 1) {
          await copyFile(path, rotated);
          await truncate(path);
        }
        return lines;
      },
      identify: ({ value }) => String(value),
      // The folder is not there for a while.
      fail: { begin: () => rename(logs, `${logs}.away`), end: () => rename(`${logs}.away`, logs) },
      close,
    };
  },
  invalid: [
    { config: { files: '*.log' }, names: 'files' },
    { config: { 'multiline.start': '(' }, names: 'multiline.start' },
    { config: { 'timestamp.regex': '[' }, names: 'timestamp.regex' },
  ],
});

describeSink(logFilesSink, {
  setup: async () => {
    const { folder, close } = await newFolder();
    return {
      config: { path: join(folder, '{topic}/{field.n}-{date}.log'), 'files.open.max': '5' },
      arrived: async () => {
        const ids: string[] = [];
        for await (const path of glob(join(folder, 'contract/*.log')))
          for (const line of (await readFile(path, 'utf8')).split('\n'))
            if (line !== '') ids.push(String((JSON.parse(line) as { n: number }).n));
        return ids;
      },
      close,
    };
  },
  invalid: [
    { config: { path: 'relative.log' }, names: 'path' },
    { config: { path: '/a/{service}.log' }, names: 'path' },
    { config: { path: '/a/../{key}.log' }, names: 'path' },
    { config: { timezone: 'Mars/Olympus' }, names: 'timezone' },
  ],
});
