/**
 *     orders.log ──┐                                                     ┌──▶ orders/2026-11-29.log  orders/2026-11-30.log
 *     payments.log ├──LogFilesSource, 2 tasks──▶ topic logs ──LogFilesSink──▶ payments/…
 *     web.log ─────┘                                                     └──▶ web/…
 *
 * Logs are rotated while they are read, in both ways that there are, and a worker is killed meanwhile.
 */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { makeOwnedFolder, waitFor } from '@sluice/testkit';
import { note, step } from '../scripts/progress.ts';
import { ExampleCluster, type ExampleOptions, untilQuiet } from './support/example.ts';
import type { Count, Outcome } from './support/outcome.ts';
import { days, ServiceLogs, services } from './support/service-logs.ts';

const text = {
  'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
  'value.converter': 'org.apache.kafka.connect.storage.StringConverter',
};
const rotations = 4;
const arrivalMs = 120_000;

export async function main(options: ExampleOptions): Promise<Outcome> {
  const folder = makeOwnedFolder('example-logs');
  try {
    return await run(options, folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function run(options: ExampleOptions, folder: string): Promise<Outcome> {
  await using example = await ExampleCluster.start(options, { isDurable: false });
  await using topic = await example.watch('logs');
  const logs = new ServiceLogs(join(folder, 'logs'));
  const out = join(folder, 'daily');
  const { cluster } = example;
  await step('apply the connectors', async () => {
    await cluster.apply('logs-in', {
      'connector.class': 'LogFilesSource',
      'tasks.max': '2',
      files: join(logs.folder, '*.log'),
      topic: 'logs',
      'record.key': 'name',
      'timestamp.regex': '"time":"([^"]+)"',
      'rotated.wait.ms': '500',
      ...text,
    });
    await cluster.apply('logs-out', {
      'connector.class': 'LogFilesSink',
      'tasks.max': '2',
      topics: 'logs',
      path: join(out, '{key}', '{date}.log'),
      ...text,
    });
    await cluster.waitForRunning('logs-in', 2);
    await cluster.waitForRunning('logs-out', 2);
  });

  const total = options.count * services.length;
  await step(
    `write ${String(total)} lines, rotate ${String(rotations)} times, kill a worker`,
    async () => {
      for (let n = 0; n < options.count; n += 1) {
        logs.write(n, options.count);
        if ((n + 1) % Math.floor(options.count / (rotations + 1)) === 0 && n + 1 < options.count)
          logs.rotate();
        if (n === Math.floor(options.count / 2))
          note(`killed ${await example.killWorkerOf('logs-in')}`);
        if (n % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
  );
  await step('wait for the lines', async () => {
    await waitFor(() => distinctIn(out), {
      what: 'every line to arrive',
      until: (count) => count >= total,
      timeoutMs: arrivalMs,
      intervalMs: 200,
    });
    await waitFor(() => topic.values.size >= total, {
      what: 'every line to be seen in the topic',
      timeoutMs: arrivalMs,
    });
    await untilQuiet('the last of them', () => topic.records + linesIn(out));
  });

  const counts: Count[] = [{ what: 'lines written', count: total }];
  for (const service of services)
    for (const day of days) counts.push(...compared(logs, out, `${service}/${day}`));
  counts.push(
    { what: 'different lines in the topic', count: topic.values.size, expected: total },
    { what: 'came twice', count: linesIn(out) - total },
  );
  return { counts };
}

/** One daily file: its lines without those that came again are those that were written, in order. */
function compared(logs: ServiceLogs, out: string, file: string): Count[] {
  const wanted = logs.written.get(file) ?? [];
  const there = [...new Set(read(out, file))];
  const same = there.filter((line, at) => line === wanted[at]).length;
  return [
    { what: `${file}.log: different lines`, count: there.length, expected: wanted.length },
    { what: `${file}.log: the same as written, in order`, count: same, expected: wanted.length },
  ];
}

const files = services.flatMap((service) => days.map((day) => `${service}/${day}`));

function read(out: string, file: string): string[] {
  const path = join(out, `${file}.log`);
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8').split('\n').filter(Boolean);
}

function linesIn(out: string): number {
  return files.reduce((sum, file) => sum + read(out, file).length, 0);
}

function distinctIn(out: string): number {
  return files.reduce((sum, file) => sum + new Set(read(out, file)).size, 0);
}
