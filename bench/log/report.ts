/** What was measured, beside what this project aims at. */
import { cpus, loadavg } from 'node:os';

import { compareWithSluice, formatRows, median, type Row } from '../comparison.ts';
import type { Measured } from './measure.ts';
import { type Client, type Direction, type IdleCost, nameOf } from './workload.ts';

/** What this project aims at, as times of stock kafkajs with the same guarantees. */
export const aims: Readonly<Record<Direction, number>> = { produce: 5, fetch: 2 };

export interface CaseReport {
  readonly name: string;
  readonly direction: Direction;
  readonly rows: readonly Row<Client>[];
}

export function reportOf(measured: Measured): CaseReport {
  const { direction } = measured.case;
  return { name: nameOf(measured.case), direction, rows: compareWithSluice(measured.samples) };
}

export function machine(): string {
  const load = loadavg().map((each) => each.toFixed(1));
  return `${cpus().length} cores shared with the broker, load averages ${load.join(' ')}`;
}

export function formatCase({ name, rows }: CaseReport): string {
  return formatRows(name, rows);
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
