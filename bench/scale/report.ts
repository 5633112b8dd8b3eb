/** What `bench scale` prints for people. */
import {
  type ClusterSize,
  type Intervals,
  type MeasuredCosts,
  utilisation,
  workersAt,
  workersForConnections,
} from './capacity.ts';
import type { ConnectionReport } from './connections.ts';
import type { SizeCosts } from './costs.ts';
import type { LiveReport, Phase } from './live.ts';

export interface ScaleReport {
  readonly load: string;
  readonly sizes: readonly SizeCosts[];
  readonly live: readonly LiveReport[];
  readonly connections: ConnectionReport | undefined;
  readonly costs: MeasuredCosts;
}

/** Sizes for which the arithmetic is shown. */
const examples: readonly ClusterSize[] = [
  { workers: 100, unitsPerWorker: 100, coordinators: 2 },
  { workers: 1_000, unitsPerWorker: 100, coordinators: 2 },
  { workers: 10_000, unitsPerWorker: 10, coordinators: 2 },
  { workers: 10_000, unitsPerWorker: 100, coordinators: 2 },
];

export function reportText(report: ScaleReport, intervals: Intervals): string {
  return [
    report.load,
    ...report.sizes.map(sizeText),
    ...report.live.map(liveText),
    connectionsText(report.connections),
    capacityText(report, intervals),
  ].join('\n');
}

function sizeText({ workers, tasks, memoryMb, operations }: SizeCosts): string {
  const rows = operations.map(({ name, count, cpuMs, outBytes, wallMs }) => [
    name,
    String(count),
    cpuMs.toFixed(3),
    (outBytes / 1024).toFixed(1),
    wallMs.p50.toFixed(2),
    wallMs.p99.toFixed(2),
  ]);
  const head = ['operation', 'about', 'Redis CPU ms', 'KB out', 'p50 ms', 'p99 ms'];
  const title = `${workers} workers, ${tasks} tasks: ${memoryMb.toFixed(1)} MB in Redis`;
  return `${title}\n${table([head, ...rows])}\n`;
}

function liveText({ workers, tasks, memoryMb, phases }: LiveReport): string {
  const title = `a cluster of ${workers} workers and ${tasks} tasks: ${memoryMb.toFixed(0)} MB in Redis, queues included`;
  return `${title}\n${phases.map(phaseText).join('\n')}\n`;
}

function phaseText(phase: Phase): string {
  const { name, seconds, server, scripts, planMs, leaderBlockedMs, leaderHeapMb } = phase;
  const counts = Object.entries(scripts)
    .toSorted(([, a], [, b]) => b - a)
    .map(([script, count]) => `${script} ${count}`)
    .join(', ');
  const share = (server.cpuMs / seconds / 10).toFixed(1);
  return [
    `  ${name}: ${seconds.toFixed(1)} s; Redis ${server.cpuMs.toFixed(0)} ms of CPU (${share} %), ` +
      `${server.commands} commands, those of scripts included, ${megabytes(server.inBytes)} in, ${megabytes(server.outBytes)} out`,
    `    leader ${phase.leaderCpuMs.toFixed(0)} ms of CPU, last plan ${planMs.toFixed(0)} ms, ` +
      `thread kept ${leaderBlockedMs.toFixed(0)} ms at most, heap ${leaderHeapMb.toFixed(0)} MB, RSS ${phase.leaderRssMb.toFixed(0)} MB`,
    `    ${counts}`,
  ].join('\n');
}

function connectionsText(connections: ConnectionReport | undefined): string {
  if (!connections) return '';
  const { perWorker, perCoordinator, clientsMax, ofWorker } = connections;
  const most = workersForConnections(clientsMax, 2, connections);
  const names = Object.entries(ofWorker)
    .map(([name, count]) => `${name === '' ? 'unnamed' : name} ${count}`)
    .join(', ');
  return (
    `connections: ${perWorker} for each worker (${names}), ${perCoordinator} for a leading coordinator; ` +
    `maxclients ${clientsMax} is enough for ${most} workers\n`
  );
}

function capacityText({ costs }: ScaleReport, intervals: Intervals): string {
  const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
  const rows = examples.map((size) => {
    const { beats, looks, reviews, readAll, queues, total } = utilisation(costs, size, intervals);
    const parts = [beats, looks, reviews, readAll, queues, total].map(percent);
    return [String(size.workers), String(size.unitsPerWorker), ...parts];
  });
  const head = [
    'workers',
    'units each',
    'beats',
    'looks',
    'reviews',
    'reading all',
    'queues',
    'total',
  ];
  const limits = [10, 100].map((unitsPerWorker) => {
    const at = (share: number): number =>
      workersAt(share, costs, { unitsPerWorker, coordinators: 2 }, intervals);
    return `with ${unitsPerWorker} units each, half of Redis' thread is taken by ${at(0.5)} workers, all of it by ${at(1)}`;
  });
  return `at rest, of Redis' one thread, with 2 coordinators:\n${table([head, ...rows])}\n${limits.join('\n')}`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows
    .map(
      (row) =>
        `  ${row
          .map((cell, column) =>
            column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
          )
          .join('  ')}`,
    )
    .join('\n');
}
