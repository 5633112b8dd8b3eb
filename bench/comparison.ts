/** Medians of several rounds, and ratios of what was measured in the same round. */
import type { Sample } from './window.ts';

export interface Row<Client extends string = string> {
  readonly client: Client;
  readonly recordsPerSecond: number;
  readonly cpuSecondsPerMillion: number;
  /** Sluice's rate through this client's; median of the rounds. */
  readonly rateRatio: number;
  /** This client's CPU time for a record through Sluice's. */
  readonly cpuRatio: number;
}

/** Index by index the samples belong to the same round. */
export function compareWithSluice<Client extends string>(
  samples: ReadonlyMap<Client | 'sluice', readonly Sample[]>,
): Row<Client | 'sluice'>[] {
  const ours = samples.get('sluice') ?? [];
  return [...samples].map(([client, own]) => {
    const rates = own.map(rateOf);
    const costs = own.map(costOf);
    return {
      client,
      recordsPerSecond: median(rates),
      cpuSecondsPerMillion: median(costs),
      rateRatio: median(ours.map((mine, round) => rateOf(mine) / (rates[round] ?? Number.NaN))),
      cpuRatio: median(ours.map((mine, round) => (costs[round] ?? Number.NaN) / costOf(mine))),
    };
  });
}

export function formatRows(name: string, rows: readonly Row[]): string {
  const lines = rows.map(
    ({ client, recordsPerSecond, cpuSecondsPerMillion, rateRatio, cpuRatio }) => {
      const rate = Math.round(recordsPerSecond).toLocaleString('en-GB').padStart(11);
      const cost = cpuSecondsPerMillion.toFixed(2).padStart(7);
      const ratios = `${ratioText(rateRatio)} ×, CPU ${ratioText(cpuRatio)} ×`;
      const suffix = client === 'sluice' ? '' : `   Sluice: ${ratios}`;
      return `  ${client.padEnd(14)}${rate} records/s ${cost} CPU s/million${suffix}`;
    },
  );
  return [name, ...lines].join('\n');
}

/** Of what is not a number nothing is said. */
export function median(values: readonly number[]): number {
  const sorted = values.filter((value) => !Number.isNaN(value)).toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const low = sorted[Math.ceil(middle) - 1] ?? Number.NaN;
  const high = sorted[Math.floor(middle)] ?? Number.NaN;
  return (low + high) / 2;
}

/** Below 2 a tenth says too little. */
export function ratioText(ratio: number): string {
  return ratio.toFixed(ratio < 2 ? 2 : 1);
}

function rateOf({ records, seconds }: Sample): number {
  return records / seconds;
}

function costOf({ records, cpuSeconds }: Sample): number {
  return (cpuSeconds / records) * 1e6;
}
