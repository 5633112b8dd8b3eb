/**
 * The broker's own performance tools. They report every 100 ms; a report that arrives after the warm-up begins
 * the window, and the tool is ended with the window. CPU time is what the kernel counts for the process.
 */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

import { systemClock } from '@sluice/kernel';
import { type KafkaToolName, startKafkaTool } from '@sluice/testkit';

import type { Sample } from '../window.ts';
import { batchBytesMax, callsInFlight, type Job } from './workload.ts';

const ticksPerSecond = 100; // Of /proc, on every Linux.
const startLimitMs = 60_000;

export async function runJava(job: Job): Promise<Sample> {
  return job.direction === 'produce'
    ? await run(job, 'kafka-producer-perf-test', producerArguments(job), producedBy)
    : await run(job, 'kafka-consumer-perf-test', consumerArguments(job), fetchedBy);
}

function producerArguments({ topic, valueBytes, batch, partitions }: Job): string[] {
  const batchBytes = Math.min(1_000_000, Math.ceil((batch * (valueBytes + 20)) / partitions));
  return [
    `--topic ${topic} --num-records 1000000000 --throughput -1`,
    `--record-size ${valueBytes} --reporting-interval 100`,
    `--command-property acks=all enable.idempotence=true batch.size=${batchBytes}`,
    `max.in.flight.requests.per.connection=${callsInFlight} max.request.size=${batchBytesMax}`,
  ].flatMap((line) => line.split(' '));
}

function consumerArguments({ topic, batch, records }: Job): string[] {
  return [
    `--topic ${topic} --num-records ${records} --command-property max.poll.records=${batch}`,
    '--show-detailed-stats --reporting-interval 100 --hide-header --timeout 20000',
  ].flatMap((line) => line.split(' '));
}

/** `2637 records sent, 10181.5 records/sec …`: of one interval. */
function producedBy(line: string, before: number): number | undefined {
  const sent = /^(\d+) records sent, .* max latency\.$/.exec(line)?.[1];
  return sent === undefined ? undefined : before + Number(sent);
}

/** `time, thread, MB, MB/s, records, …`: since it began. */
function fetchedBy(line: string): number | undefined {
  const fields = line.split(', ');
  return fields.length === 10 ? Number(fields[4]) : undefined;
}

interface Point {
  readonly ms: number;
  readonly cpuSeconds: number;
  readonly total: number;
}

async function run(
  job: Job,
  tool: KafkaToolName,
  args: readonly string[],
  totalAfter: (line: string, before: number) => number | undefined,
): Promise<Sample> {
  const { child, ended } = startKafkaTool(job, tool, args, { tuning: 'server', heapMb: 512 });
  const limit = setTimeout(() => child.kill('SIGKILL'), startLimitMs);
  let errors = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  let first: Point | undefined;
  let begun: Point | undefined;
  let last: Point | undefined;
  if (child.stdout) {
    for await (const line of createInterface({ input: child.stdout })) {
      const total = totalAfter(line, last?.total ?? 0);
      const cpuSeconds = cpuSecondsOf(child.pid);
      if (total === undefined || cpuSeconds === undefined) continue;
      const ms = systemClock.monotonicMs();
      last = { ms, cpuSeconds, total };
      first ??= last;
      const isWarm =
        ms - first.ms >= job.warmUpMs || (job.direction === 'fetch' && total >= job.records / 4);
      if (begun === undefined && isWarm) begun = last;
      else if (begun !== undefined && ms - begun.ms >= job.measureMs) break;
    }
  }
  child.kill('SIGKILL');
  clearTimeout(limit);
  await ended;
  if (begun === undefined || last === undefined || last === begun) {
    throw new Error(`${tool} reported too little: ${errors}`);
  }
  return {
    records: last.total - begun.total,
    seconds: (last.ms - begun.ms) / 1_000,
    cpuSeconds: last.cpuSeconds - begun.cpuSeconds,
    total: undefined,
  };
}

/** undefined: it has ended. */
function cpuSecondsOf(pid: number | undefined): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // After the name, which may hold anything: state is field 3, user and system time 14 and 15.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
  } catch {
    return undefined;
  }
}
