/** Whether anything was lost, judged from the sequence numbers at both ends. Pure: who looks is in `check.ts`. */
import type { UnitRow } from '../tests/support/cluster-facts.ts';
import { holesIn, type SeenRecord } from '../tests/support/sequence-observer.ts';
import type { SinkLine } from '../tests/support/sink-lines.ts';

export interface Evidence {
  /** Each sequence by its name, `in/3`, in the order of the log. */
  readonly written: ReadonlyMap<string, readonly Pick<SeenRecord, 'seqno' | 'run'>[]>;
  /** In the order of the sink's file. `task` is the number of the sequence. */
  readonly delivered: readonly Pick<SinkLine, 'task' | 'seqno' | 'partition' | 'offset'>[];
  /** Offsets that the sink committed without having delivered what is there. */
  readonly uncovered: readonly string[];
}

export interface Verdict {
  /** Since the world began. */
  readonly records: number;
  readonly delivered: number;
  readonly writtenTwice: number;
  readonly deliveredTwice: number;
  /** Numbers that are not in the log, or in the log and not delivered, or committed without having been. */
  readonly missing: number;
  /** What must not be, in words: what is missing, what is out of order, effects of an owner after its successor's. */
  readonly problems: readonly string[];
}

export function judge({ written, delivered, uncovered }: Evidence): Verdict {
  const deliveries = Map.groupBy(delivered, ({ task }) => `in/${task}`);
  const missing = [
    ...[...written].flatMap(([name, seen]) => holes(name, seen, 'is missing in the log')),
    ...[...deliveries].flatMap(([name, seen]) => holes(name, seen, 'was not delivered')),
    ...uncovered.map((each) => `${each} is committed, but was not delivered`),
  ];
  const records = [...written.values()].flat();
  const different = [...written.values()].map((seen) => new Set(seen.map(({ seqno }) => seqno)));
  const places = new Set(delivered.map(({ partition, offset }) => `${partition}/${offset}`));
  return {
    records: records.length,
    delivered: delivered.length,
    writtenTwice: records.length - different.reduce((sum, { size }) => sum + size, 0),
    deliveredTwice: delivered.length - places.size,
    missing: missing.length,
    problems: [
      ...missing,
      ...[...written].flatMap(([name, seen]) => lateOwners(name, seen)),
      ...[...written].flatMap(([name, seen]) => overtaken(name, seen)),
      ...[...deliveries].flatMap(([name, seen]) => overtaken(`delivery of ${name}`, seen)),
    ],
  };
}

type Numbered = readonly { readonly seqno: number }[];

function holes(name: string, seen: Numbered, problem: string): string[] {
  return holesIn(seen.map(({ seqno }) => seqno)).map((seqno) => `${name}: ${seqno} ${problem}`);
}

/** A run that wrote after another one had begun to: what the log has to refuse. */
function lateOwners(name: string, records: readonly Pick<SeenRecord, 'seqno' | 'run'>[]): string[] {
  const over = new Set<string>();
  const late: string[] = [];
  let current: string | undefined;
  for (const { run, seqno } of records) {
    if (run === undefined || run === current) continue;
    if (over.has(run)) late.push(`${name}: ${seqno} is of a run that another one had followed`);
    if (current !== undefined) over.add(current);
    current = run;
  }
  return late;
}

/** Numbers that came for the first time after a higher one had. What is repeated after a crash came before. */
function overtaken(name: string, records: Numbered): string[] {
  const seen = new Set<number>();
  let highest = -1;
  return records.flatMap(({ seqno }) => {
    const isLate = seqno < highest && !seen.has(seqno);
    seen.add(seqno);
    highest = Math.max(highest, seqno);
    return isLate ? [`${name}: ${seqno} came after ${highest}`] : [];
  });
}

/** Tasks whose owner or fence is another one. */
export function movesBetween(before: readonly UnitRow[], after: readonly UnitRow[]): number {
  const holding = new Map(before.map(({ id, worker, fence }) => [id, `${worker} ${fence}`]));
  return after.filter(
    ({ id, kind, worker, fence }) => kind === 'task' && holding.get(id) !== `${worker} ${fence}`,
  ).length;
}
