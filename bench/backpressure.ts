/**
 * `npm run bench -- backpressure`: whether anything grows while a source that never waits writes to sinks that take
 * their time, in a cluster of real processes.
 */
import { rmSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { SluiceError } from '@sluice/kernel';
import { makeOwnedFolder, startCluster, startKafka, startRedis } from '@sluice/testkit';

import { type Growth, growthMax, growthOf } from './backpressure/growth.ts';
import { type Run, type RunOptions, runFlood } from './backpressure/run.ts';

const help = `Usage: npm run bench -- backpressure [options]

  --minutes N        of the run (10); of less than 5 the growth is shown, and not judged
  --log redis|kafka  what carries the records (redis); a Kafka is started for it
  --rate N           records a second that each of the two sinks takes (1000)
  --payload N        bytes of filler in each value (200)
  --partition-mb N   quota of each of the 4 partitions on Redis (32); retention.bytes of them on Kafka
  --json             the raw samples

Two workers, a VerifiableSource without a limit on its rate (2 tasks), and two sinks of 2 tasks each on its topic: one
in the workers' threads, one in processes of its own. Each few seconds: RSS of the workers, of the executors that are
processes and of Redis, the heaps of the executors that are threads, and what the log holds.

Aim: RSS of each process at the end at most ${growthMax} times what it was after three tenths of the run (minute 3 of 10).

redis  What bounds the log is the quota of a partition: at the quota the source waits for the slowest sink, and is not
       read ahead of. Nothing may be missing.
kafka  Kafka bounds its log by retention alone, and never holds a producer back for a consumer: the source goes on
       as fast as the broker takes it, and what the sinks have not read in time is gone. It is counted, not judged.

  npm run bench -- backpressure
  npm run bench -- backpressure --log kafka --minutes 3`;

const workers = 2;
const partitions = 4;
const tasks = 2;
const judgedMinutesMin = 5;

interface Plan {
  readonly log: 'redis' | 'kafka';
  readonly minutes: number;
  readonly rate: number;
  readonly payloadBytes: number;
  readonly partitionMb: number;
}

export async function main(argv: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      minutes: { type: 'string', default: '10' },
      log: { type: 'string', default: 'redis' },
      rate: { type: 'string', default: '1000' },
      payload: { type: 'string', default: '200' },
      'partition-mb': { type: 'string', default: '32' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(help);
    return 0;
  }
  const plan: Plan = {
    log: values.log === 'kafka' ? 'kafka' : 'redis',
    minutes: positive('--minutes', values.minutes),
    rate: positive('--rate', values.rate),
    payloadBytes: positive('--payload', values.payload),
    partitionMb: positive('--partition-mb', values['partition-mb']),
  };
  const machine = [machineText()];
  const run = await measure(plan);
  machine.push(machineText());
  const report = reportOf(plan, run);
  if (values.json) {
    const samples = {
      memory: Object.fromEntries(run.memory),
      heap: run.executorHeap,
      log: run.log,
    };
    console.log(JSON.stringify({ ...plan, machine, ...report, samples }));
  } else print(plan, machine, report);
  return report.problems.length === 0 ? 0 : 1;
}

async function measure(plan: Plan): Promise<Run> {
  const progress = (text: string): void => void process.stderr.write(`${text}\n`);
  const runMs = plan.minutes * 60_000;
  const options: RunOptions = {
    ...plan,
    tasks,
    partitions,
    folder: makeOwnedFolder('backpressure'),
    runMs,
    everyMs: Math.min(2_000, runMs / 60),
    progress,
  };
  progress(`starting ${plan.log}, a coordinator and ${workers} workers …`);
  try {
    await using redis = await startRedis({
      config: ['--appendonly', 'yes', '--maxmemory-policy', 'noeviction'],
    });
    await using kafka =
      plan.log === 'kafka'
        ? await startKafka({
            tuning: 'server',
            heapMb: 512,
            config: {
              'log.retention.check.interval.ms': '1000',
              'log.segment.delete.delay.ms': '1000',
            },
          })
        : undefined;
    await using cluster = await startCluster({
      redisUrl: redis.url,
      coordinators: 1,
      workers,
      profile: 'default',
      env: {
        KAFKA_BROKERS: kafka?.bootstrap,
        SLUICE_LOG_PARTITION_MB: kafka === undefined ? String(plan.partitionMb) : undefined,
        SLUICE_PLUGINS: join(import.meta.dirname, 'backpressure/slow-sink.ts'),
      },
    });
    return await runFlood(cluster, { kafka, redis }, options);
  } finally {
    rmSync(options.folder, { recursive: true, force: true });
  }
}

interface Report {
  readonly processes: readonly (Growth & { readonly name: string })[];
  readonly executorHeap: Growth;
  readonly written: number;
  /** Of the first minute, or of all of a shorter run, and of the last; records a second. */
  readonly writtenPerSecond: { readonly first: number; readonly last: number };
  readonly logRecordsMax: number;
  readonly logBytesMax: number | undefined;
  readonly quotaBytes: number;
  readonly sinks: Run['sinks'];
  readonly isJudged: boolean;
  readonly problems: readonly string[];
}

function reportOf(plan: Plan, run: Run): Report {
  const runMs = plan.minutes * 60_000;
  const isJudged = plan.minutes >= judgedMinutesMin;
  const problems: string[] = [];
  const processes = [...run.memory].flatMap(([name, samples]) => {
    try {
      return { name, ...growthOf(samples, runMs) };
    } catch (error) {
      problems.push(`${name}: ${String(error)}`);
      return [];
    }
  });
  if (isJudged) {
    for (const { name, ratio } of processes)
      if (ratio > growthMax) problems.push(`${name} grew ${ratio.toFixed(2)} times`);
  }
  const bytes = run.log.flatMap((each) => each.bytes ?? []);
  const quotaBytes = partitions * plan.partitionMb * 1024 * 1024;
  const logBytesMax = bytes.length > 0 ? Math.max(...bytes) : undefined;
  if (plan.log === 'redis') {
    for (const [name, { missing }] of Object.entries(run.sinks))
      if (missing > 0) problems.push(`${name} was not given ${missing} records`);
    if (logBytesMax !== undefined && logBytesMax > quotaBytes)
      problems.push(`the log grew to ${logBytesMax} bytes, beyond its quota of ${quotaBytes}`);
  }
  const partMs = Math.min(60_000, runMs);
  return {
    processes,
    executorHeap: growthOf(run.executorHeap, runMs),
    written: run.log.at(-1)?.written ?? 0,
    writtenPerSecond: {
      first: rateOf(run.log.filter(({ ms }) => ms <= partMs)),
      last: rateOf(run.log.filter(({ ms }) => ms > runMs - partMs)),
    },
    logRecordsMax: Math.max(...run.log.map(({ removed, written }) => written - removed)),
    logBytesMax,
    quotaBytes,
    sinks: run.sinks,
    isJudged,
    problems,
  };
}

function rateOf(log: Run['log']): number {
  const [first, last] = [log[0], log.at(-1)];
  if (!first || !last || last.ms === first.ms) return Number.NaN;
  return ((last.written - first.written) / (last.ms - first.ms)) * 1_000;
}

function print(plan: Plan, machine: readonly string[], report: Report): void {
  const { minutes, log, rate, payloadBytes } = plan;
  console.log(
    `${minutes} minutes on ${log}, two sinks at ${rate} records/s each, filler of ${payloadBytes} B, ${machine[0] ?? ''}\n`,
  );
  const early = `minute ${Number((minutes * 0.3).toFixed(1))}`;
  const late = `minute ${minutes}`;
  console.log(`${'RSS'.padEnd(30)}${early.padStart(10)}${late.padStart(12)}     ratio   most`);
  for (const { name, ...growth } of report.processes) console.log(rowText(name, growth));
  console.log(rowText('heaps of executor threads', report.executorHeap));
  const { first, last } = report.writtenPerSecond;
  console.log(
    `\nwritten    ${whole(report.written)} records: ${whole(first)}/s at first, ${whole(last)}/s at last`,
  );
  const bytes =
    report.logBytesMax === undefined
      ? ''
      : `, ${megabytes(report.logBytesMax)} of ${megabytes(report.quotaBytes)}`;
  console.log(`log        at most ${whole(report.logRecordsMax)} records${bytes}`);
  for (const [name, { delivered, missing }] of Object.entries(report.sinks)) {
    const gone = log === 'kafka' ? 'gone before they were read' : 'missing';
    console.log(`${name.padEnd(16)} delivered ${whole(delivered)}, ${gone} ${whole(missing)}`);
  }
  console.log(
    report.isJudged
      ? `\naim RSS ≤ ${growthMax} ×: ${report.problems.length === 0 ? 'met' : 'missed'}`
      : '\ntoo short to judge the growth',
  );
  for (const problem of report.problems) console.log(`  ${problem}`);
  console.log(`at the end: ${machine[1] ?? ''}`);
}

function rowText(name: string, { early, late, max, ratio }: Growth): string {
  const [one, other, most] = [early, late, max].map(megabytes);
  return `${name.padEnd(30)}${one?.padStart(10)}${other?.padStart(12)}${ratio.toFixed(2).padStart(10)} ×${most?.padStart(10)}`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(0)} MB`;
}

function whole(count: number): string {
  return Math.round(count).toLocaleString('en-GB');
}

function positive(option: string, text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new SluiceError('config.invalid', `${option} must be a number above 0, not ${text}`);
}

function machineText(): string {
  const load = loadavg().map((each) => each.toFixed(1));
  return `Node ${process.version}, ${cpus().length} cores, load averages ${load.join(' ')}`;
}
