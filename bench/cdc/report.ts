/** What the rounds say together: medians, and ratios of what was measured in the same round, with their spread. Pure. */
import { median, ratioText } from '../comparison.ts';
import { formatMs, type Summary, summarize } from '../statistics.ts';
import type { ContenderName } from './contender.ts';
import type { Phase, PhaseSample, Turn } from './measure.ts';
import type { DatabaseKind } from './table.ts';

/** Rounds of one database and one converter. */
export interface Measured {
  readonly database: DatabaseKind;
  readonly withSchemas: boolean;
  readonly rounds: readonly (readonly Turn[])[];
}

export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

export interface PhaseRow {
  readonly contender: ContenderName;
  readonly recordsPerSecond: number;
  readonly cpuSecondsPerMillion: number;
  readonly besidesCpuSecondsPerMillion: number;
  readonly startSeconds: number;
  readonly rssPeakMb: number;
}

export interface PhaseReport {
  readonly phase: Phase;
  readonly rows: readonly PhaseRow[];
  /** Sluice's through Debezium's; undefined without Debezium. */
  readonly ratios:
    | {
        readonly recordsPerCpuSecond: Spread;
        readonly recordsPerSecond: Spread;
        readonly rssPeak: Spread;
      }
    | undefined;
}

export interface CaseReport {
  readonly database: DatabaseKind;
  readonly withSchemas: boolean;
  readonly phases: readonly PhaseReport[];
  readonly latencyMs: Readonly<Partial<Record<ContenderName, Summary>>>;
}

const names: readonly ContenderName[] = ['sluice', 'debezium'];

export function reportOf({ database, rounds, withSchemas }: Measured): CaseReport {
  const present = names.filter((name) => rounds.flat().some((turn) => turn.contender === name));
  const latencies = present.flatMap((name) => {
    const samples = rounds
      .flat()
      .flatMap((turn) => (turn.contender === name ? turn.latenciesMs : []));
    return samples.length === 0 ? [] : [[name, summarize(samples)] as const];
  });
  return {
    database,
    withSchemas,
    phases: (['snapshot', 'changes'] as const).map((phase) => phaseReport(phase, rounds, present)),
    latencyMs: Object.fromEntries(latencies),
  };
}

function phaseReport(
  phase: Phase,
  rounds: Measured['rounds'],
  present: readonly ContenderName[],
): PhaseReport {
  const samplesOf = (name: ContenderName): readonly PhaseSample[] =>
    rounds.flatMap(
      (turns) => turns.find(({ contender }) => contender === name)?.samples.get(phase) ?? [],
    );
  const medianOf = (name: ContenderName, value: (sample: PhaseSample) => number): number =>
    median(samplesOf(name).map(value));
  const ratio = (value: (sample: PhaseSample) => number): Spread => {
    const theirs = samplesOf('debezium');
    return spreadOf(
      samplesOf('sluice').flatMap((ours, round) => {
        const other = theirs[round];
        return other ? [value(ours) / value(other)] : [];
      }),
    );
  };
  return {
    phase,
    rows: present.map((contender) => ({
      contender,
      recordsPerSecond: medianOf(contender, ({ records, seconds }) => records / seconds),
      cpuSecondsPerMillion: medianOf(contender, perMillion('cpuSeconds')),
      besidesCpuSecondsPerMillion: medianOf(contender, perMillion('besidesCpuSeconds')),
      startSeconds: medianOf(contender, ({ startSeconds }) => startSeconds),
      rssPeakMb: medianOf(contender, ({ rssPeakBytes }) => rssPeakBytes / 1e6),
    })),
    ratios:
      present.includes('debezium') && present.includes('sluice')
        ? {
            recordsPerCpuSecond: ratio(({ cpuSeconds, records }) => records / cpuSeconds),
            recordsPerSecond: ratio(({ records, seconds }) => records / seconds),
            rssPeak: ratio(({ rssPeakBytes }) => rssPeakBytes),
          }
        : undefined,
  };
}

function perMillion(field: 'cpuSeconds' | 'besidesCpuSeconds'): (sample: PhaseSample) => number {
  return (sample) => (sample[field] / sample.records) * 1e6;
}

export function spreadOf(values: readonly number[]): Spread {
  return { median: median(values), least: Math.min(...values), most: Math.max(...values) };
}

export function formatCase({ database, latencyMs, phases, withSchemas }: CaseReport): string {
  const lines = phases.flatMap(({ phase, ratios, rows }) => [
    ...rows.map((row) => `  ${phase.padEnd(9)} ${row.contender.padEnd(9)}${formatRow(row)}`),
    ...(ratios
      ? [
          `  ${phase.padEnd(9)} ratio    ` +
            ` records per CPU second ${spreadText(ratios.recordsPerCpuSecond)}, records/s ` +
            `${spreadText(ratios.recordsPerSecond)}, RSS ${spreadText(ratios.rssPeak)}`,
        ]
      : []),
  ]);
  const latencies = names.flatMap((name) => {
    const summary = latencyMs[name];
    return summary ? [`  latency   ${name.padEnd(9)}${formatMs(summary)}`] : [];
  });
  const converter = withSchemas ? 'JSON with schemas' : 'JSON without schemas';
  return [`${database}, ${converter}`, ...lines, ...latencies].join('\n');
}

function formatRow(row: PhaseRow): string {
  return [
    `${Math.round(row.recordsPerSecond).toLocaleString('en-GB').padStart(9)} records/s`,
    `${row.cpuSecondsPerMillion.toFixed(1).padStart(6)} CPU s/million`,
    `${row.rssPeakMb.toFixed(0).padStart(5)} MB`,
    `began after ${row.startSeconds.toFixed(1)} s`,
    ...(row.besidesCpuSecondsPerMillion > 0
      ? [`beside it ${row.besidesCpuSecondsPerMillion.toFixed(1)} CPU s/million`]
      : []),
  ].join('  ');
}

/** `1.42 × (1.31 to 1.50)` */
function spreadText({ least, median: middle, most }: Spread): string {
  return `${ratioText(middle)} × (${ratioText(least)} to ${ratioText(most)})`;
}
