/** What workers say of their tasks on `/metrics`, and how fast that grows. Pure. */
import { taskUnit, type UnitId } from '@sluice/coordination';

/** Of one task at one moment. */
export interface TaskSample {
  /** On a clock that only grows, ms. */
  readonly atMs: number;
  readonly recordsIn: number;
  readonly recordsOut: number;
  readonly bytes: number;
  readonly recordErrors: number;
  /** Of a sink. */
  readonly lag: number | undefined;
}

/** A second; undefined: not known (yet). */
export interface TaskRates {
  readonly recordsIn: number | undefined;
  readonly recordsOut: number | undefined;
  readonly bytes: number | undefined;
  readonly recordErrors: number;
  readonly lag: number | undefined;
}

const names = {
  sluice_task_records_in_total: 'recordsIn',
  sluice_task_records_out_total: 'recordsOut',
  sluice_task_bytes_total: 'bytes',
  sluice_task_record_errors_total: 'recordErrors',
  sluice_task_lag_records: 'lag',
} as const satisfies Readonly<Record<string, keyof TaskSample>>;

const line = /^(\w+)\{(.*)\} (\S+)$/;
const label = /(\w+)="((?:[^"\\]|\\.)*)"/g;

/** From Prometheus' text format. */
export function parseSamples(text: string, atMs: number): Map<UnitId, TaskSample> {
  const samples = new Map<UnitId, TaskSample>();
  for (const each of text.split('\n')) {
    const [, name = '', labels = '', value = ''] = line.exec(each) ?? [];
    if (!(name in names)) continue;
    const { connector, task, kind } = labelsIn(labels);
    if (connector === undefined || task === undefined) continue;
    const unit = taskUnit(connector, Number(task));
    const field = names[name as keyof typeof names];
    if (field === 'lag' && kind !== 'sink') continue;
    samples.set(unit, { ...(samples.get(unit) ?? emptySample(atMs)), [field]: Number(value) });
  }
  return samples;
}

function emptySample(atMs: number): TaskSample {
  return { atMs, recordsIn: 0, recordsOut: 0, bytes: 0, recordErrors: 0, lag: undefined };
}

function labelsIn(text: string): Readonly<Record<string, string | undefined>> {
  const pairs = Array.from(text.matchAll(label), ([, name = '', value = '']): [string, string] => [
    name,
    value.replace(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped)),
  ]);
  return Object.fromEntries(pairs);
}

/** A task that was started anew in between counts from nothing: its rates are not known for once. */
export function ratesOf(before: TaskSample | undefined, now: TaskSample): TaskRates {
  const seconds = before ? (now.atMs - before.atMs) / 1_000 : 0;
  const rate = (field: 'recordsIn' | 'recordsOut' | 'bytes'): number | undefined => {
    const grown = now[field] - (before?.[field] ?? 0);
    return seconds > 0 && grown >= 0 ? grown / seconds : undefined;
  };
  return {
    recordsIn: rate('recordsIn'),
    recordsOut: rate('recordsOut'),
    bytes: rate('bytes'),
    recordErrors: now.recordErrors,
    lag: now.lag,
  };
}

/** What is not known of one is left out of the sum; of all, the sum is not known. */
export function sumRates(all: readonly TaskRates[]): TaskRates {
  const sum = (field: keyof TaskRates): number | undefined => {
    const known = all.flatMap((each) => each[field] ?? []);
    return known.length === 0 ? undefined : known.reduce((total, each) => total + each, 0);
  };
  return {
    recordsIn: sum('recordsIn'),
    recordsOut: sum('recordsOut'),
    bytes: sum('bytes'),
    recordErrors: sum('recordErrors') ?? 0,
    lag: sum('lag'),
  };
}
