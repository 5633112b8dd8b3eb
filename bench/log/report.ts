/** Medians, and ratios of what was measured in the same round. */
import { cpus, loadavg } from 'node:os';

import type { Measured } from './measure.ts';
import { type Client, type Direction, type IdleCost, nameOf, type Sample } from './workload.ts';

/** What this project aims at, as times of stock kafkajs with the same guarantees. */
export const aims: Readonly<Record<Direction, number>> = { produce: 5, fetch: 2 };

export interface Row {
  readonly client: Client;
  readonly recordsPerSecond: number;
  readonly cpuSecondsPerMillion: number;
  /** Sluice's rate through this client's; medians of the rounds. */
  readonly rateRatio: number;
  /** This client's CPU time for a record through Sluice's. */
  readonly cpuRatio: number;
}

export interface CaseReport {
  readonly name: string;
  readonly direction: Direction;
  readonly rows: readonly Row[];
}

export function reportOf(measured: Measured): CaseReport {
  const ours = measured.samples.get('sluice') ?? [];
  const rows = [...measured.samples].map(([client, samples]): Row => {
    const rates = samples.map(rateOf);
    const costs = samples.map(costOf);
    return {
      client,
      recordsPerSecond: median(rates),
      cpuSecondsPerMillion: median(costs),
      rateRatio: median(ours.map((mine, round) => rateOf(mine) / (rates[round] ?? Number.NaN))),
      cpuRatio: median(ours.map((mine, round) => (costs[round] ?? Number.NaN) / costOf(mine))),
    };
  });
  return { name: nameOf(measured.case), direction: measured.case.direction, rows };
}

export function machine(): string {
  const load = loadavg().map((each) => each.toFixed(1));
  return `${cpus().length} cores shared with the broker, load averages ${load.join(' ')}`;
}

export function formatCase({ name, rows }: CaseReport): string {
  const lines = rows.map(
    ({ client, recordsPerSecond, cpuSecondsPerMillion, rateRatio, cpuRatio }) => {
      const rate = Math.round(recordsPerSecond).toLocaleString('en-GB').padStart(11);
      const cost = cpuSecondsPerMillion.toFixed(2).padStart(7);
      const ratios = `${rateRatio.toFixed(1)} ×, CPU ${cpuRatio.toFixed(1)} ×`;
      const suffix = client === 'sluice' ? '' : `   Sluice: ${ratios}`;
      return `  ${client.padEnd(14)}${rate} records/s ${cost} CPU s/million${suffix}`;
    },
  );
  return [name, ...lines].join('\n');
}

/** Over all cases of a direction: the ratio to stock kafkajs, in the middle and at its worst. */
export function formatAims(reports: readonly CaseReport[]): string {
  const directions: readonly Direction[] = ['produce', 'fetch'];
  const lines = directions.flatMap((direction) => {
    const ratios = reports
      .filter((report) => report.direction === direction)
      .flatMap(({ rows }) => rows.filter(({ client }) => client === 'kafkajs'))
      .map(({ rateRatio }) => rateRatio);
    if (ratios.length === 0) return [];
    const aim = aims[direction];
    const [least, most] = [Math.min(...ratios), Math.max(...ratios)];
    const verdict =
      least >= aim ? 'met' : `missed by ${ratios.filter((each) => each < aim).length}`;
    return [
      `${direction.padEnd(8)} ${least.toFixed(1)} to ${most.toFixed(1)} × stock kafkajs in ` +
        `${ratios.length} cases, median ${median(ratios).toFixed(1)} ×   aim ≥ ${aim} ×: ${verdict}`,
    ];
  });
  return lines.join('\n');
}

export function formatIdle(cost: IdleCost): string {
  const { seconds, cpuPercent, cpuPercentWithout, rssMb, rssMbWithout } = cost;
  return (
    `idle     20 writers and 20 readers, ${seconds.toFixed(0)} s: ` +
    `${cpuPercent.toFixed(2)} % of a core (without a client ${cpuPercentWithout.toFixed(2)} %), ` +
    `${rssMb.toFixed(0)} MB (without ${rssMbWithout.toFixed(0)} MB)`
  );
}

function rateOf({ records, seconds }: Sample): number {
  return records / seconds;
}

function costOf({ records, cpuSeconds }: Sample): number {
  return (cpuSeconds / records) * 1e6;
}

function median(values: readonly number[]): number {
  const sorted = values.filter((value) => !Number.isNaN(value)).toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const low = sorted[Math.ceil(middle) - 1] ?? Number.NaN;
  const high = sorted[Math.floor(middle)] ?? Number.NaN;
  return (low + high) / 2;
}
