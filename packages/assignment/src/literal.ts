import { Dealer, rankPenalties } from './dealer.ts';
import type { Roster } from './roster.ts';

/**
 * The formula over all tasks: task j belongs to worker j mod N. A task whose worker by the formula is held or
 * cordoned, or has not got its plugin, is dealt to the least loaded worker that can run it; while any is held or
 * cordoned, such a task stays where it runs. Dealt anew in each rerun it would move whenever a task before it came or
 * went: because of the cordon, that is. Otherwise it is dealt anew, so that who joins takes a part of those, too.
 * @returns the worker's position in `roster.up` for each task of `roster.tasks`.
 */
export function placeLiterally(roster: Roster): number[] {
  const { up, seats, tasks, groups } = roster;
  const positions = new Map(up.map((worker, position) => [worker, position]));
  const positionOfSeat = seats.map((seat) => positions.get(seat));
  const isSomeoneAway = seats.length > up.length;
  const load = new Int32Array(up.length);
  const target: (number | undefined)[] = tasks.map(({ rank, group, owner }) => {
    const home = positionOfSeat[rank % seats.length];
    const isHome = home !== undefined && groups[group]?.isEligible[home];
    const place = isHome ? home : isSomeoneAway ? owner : undefined;
    if (place !== undefined) load[place] = (load[place] ?? 0) + 1;
    return place;
  });
  const dealer = new Dealer(groups, load, rankPenalties(up));
  return target.map((place, index) => {
    if (place !== undefined) return place;
    const worker = dealer.order(tasks[index]?.group ?? -1)?.first;
    if (worker === undefined) throw new Error('a group has no eligible worker');
    dealer.give(worker);
    return worker;
  });
}
