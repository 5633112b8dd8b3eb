/** Whether anything was lost, judged from the sequence numbers at both ends. */
import { waitFor } from '@sluice/testkit';

import type { UnitRow } from '../tests/support/cluster-facts.ts';
import { holesIn } from '../tests/support/sequence-observer.ts';
import { committedButNotPut, type SinkLine, sinkLines } from '../tests/support/sink-lines.ts';
import type { ChaosWorld } from './world.ts';

const deliveryMsMax = 20_000;

export interface Verdict {
  /** Since the world began. */
  readonly records: number;
  readonly delivered: number;
  readonly writtenTwice: number;
  readonly deliveredTwice: number;
  /** Numbers that are not in the log, or in the log and not delivered, or committed without having been. */
  readonly missing: number;
  /** What must not be: numbers that are missing, effects of an owner after its successor's. */
  readonly problems: readonly string[];
}

export async function check(world: ChaosWorld): Promise<Verdict> {
  const { observer, sinkFile, names } = world;
  const highest = new Map(names.map((name) => [name, observer.records(name).at(-1)?.seqno ?? -1]));
  const lines = await waitFor(() => sinkLines(sinkFile), {
    what: 'all that was written to be delivered',
    until: (seen) => names.every((name) => highestOf(seen, name) >= (highest.get(name) ?? -1)),
    timeoutMs: deliveryMsMax,
  });
  const log = observer.integrity();
  const delivered = Map.groupBy(lines, ({ task }) => `in/${task}`);
  const undelivered = [...delivered].flatMap(([name, seen]) =>
    holesIn(seen.map(({ seqno }) => seqno)).map((seqno) => `${name}: ${seqno} was not delivered`),
  );
  const uncovered = await committedButNotPut(observer.log, 'connect-out', () =>
    sinkLines(sinkFile),
  );
  const unique = new Set(lines.map(({ partition, offset }) => `${partition}/${offset}`));
  const missing = [
    ...log.missing.map((each) => `${each} is missing in the log`),
    ...undelivered,
    ...uncovered.map((each) => `${each} is committed, but was not delivered`),
  ];
  return {
    records: log.records,
    delivered: lines.length,
    writtenTwice: log.duplicates,
    deliveredTwice: lines.length - unique.size,
    missing: missing.length,
    problems: [
      ...missing,
      ...names.flatMap((name) => lateOwners(world, name)),
      ...names.flatMap((name) => overtaken(name, observer.records(name))),
      ...[...delivered].flatMap(([name, seen]) => overtaken(`delivery of ${name}`, seen)),
    ],
  };
}

/** A run that wrote after another one had begun to: what the log has to refuse. */
function lateOwners({ observer }: ChaosWorld, name: string): string[] {
  const over = new Set<string>();
  const late: string[] = [];
  let current: string | undefined;
  for (const { run, seqno } of observer.records(name)) {
    if (run === undefined || run === current) continue;
    if (over.has(run)) late.push(`${name}: ${seqno} is of a run that another one had followed`);
    if (current !== undefined) over.add(current);
    current = run;
  }
  return late;
}

/** Numbers that came for the first time after a higher one had. What is repeated after a crash came before. */
function overtaken(name: string, records: readonly { readonly seqno: number }[]): string[] {
  const seen = new Set<number>();
  let highest = -1;
  return records.flatMap(({ seqno }) => {
    const isLate = seqno < highest && !seen.has(seqno);
    seen.add(seqno);
    highest = Math.max(highest, seqno);
    return isLate ? [`${name}: ${seqno} came after ${highest}`] : [];
  });
}

function highestOf(lines: readonly SinkLine[], name: string): number {
  return lines.reduce(
    (max, { task, seqno }) => (`in/${task}` === name ? Math.max(max, seqno) : max),
    -1,
  );
}

/** Tasks whose owner or fence is another one. */
export function movesBetween(before: readonly UnitRow[], after: readonly UnitRow[]): number {
  const holding = new Map(before.map(({ id, worker, fence }) => [id, `${worker} ${fence}`]));
  return after.filter(
    ({ id, kind, worker, fence }) => kind === 'task' && holding.get(id) !== `${worker} ${fence}`,
  ).length;
}
