import { Dealer, rankPenalties } from './dealer.ts';
import type { Roster } from './roster.ts';

/**
 * The formula over all tasks: task j belongs to worker j mod N. A task whose worker by the formula is held or
 * cordoned, or has not got its plugin, is dealt to the least loaded worker that can run it.
 * @returns the worker's position in `roster.up` for each task of `roster.tasks`.
 */
export function placeLiterally(roster: Roster): number[] {
  const { up, seats, tasks, groups } = roster;
  const positions = new Map(up.map((worker, position) => [worker, position]));
  const positionOfSeat = seats.map((seat) => positions.get(seat));
  const load = new Int32Array(up.length);
  const target: (number | undefined)[] = tasks.map(({ rank, group }) => {
    const home = positionOfSeat[rank % seats.length];
    if (home === undefined || !groups[group]?.isEligible[home]) return undefined;
    load[home] = (load[home] ?? 0) + 1;
    return home;
  });
  const dealer = new Dealer(groups, load, rankPenalties(up));
  return target.map((home, index) => {
    if (home !== undefined) return home;
    const worker = dealer.order(tasks[index]?.group ?? -1)?.first;
    if (worker === undefined) throw new Error('a group has no eligible worker');
    dealer.give(worker);
    return worker;
  });
}
