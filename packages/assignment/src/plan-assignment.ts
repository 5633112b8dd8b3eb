import { placeLiterally } from './literal.ts';
import { placeMinimally } from './minimal.ts';
import { buildRoster, type RankedTask, type Roster } from './roster.ts';
import type {
  AssignmentMove,
  AssignmentPlan,
  AssignmentPolicy,
  MoveCause,
  PlannerTask,
  PlannerWorker,
} from './types.ts';

/**
 * Who should run what. Pure: the same tasks, workers and policy give the same plan, in whatever order they
 * come. Planning again from the result moves nothing.
 *
 * `literal`: task j on worker j mod N, whoever runs it now. `minimal`: the same from a cold start, later
 * the fewest moves that keep the workers' loads within 1 of each other (or as close as the plugins that
 * they have allow). With either, a cordoned worker keeps what it has and gets nothing.
 *
 * Takes O(T log T + P log N) for T tasks of which P have to be placed on N workers that have the same plugins.
 * `bench assignment` measures it.
 */
export function planAssignment(
  tasks: readonly PlannerTask[],
  workers: readonly PlannerWorker[],
  policy: AssignmentPolicy,
): AssignmentPlan {
  const roster = buildRoster(tasks, workers);
  const target = policy.movement === 'literal' ? placeLiterally(roster) : placeMinimally(roster);

  const assignment = new Map(roster.kept.map(({ id, worker }) => [id, worker]));
  const moves: AssignmentMove[] = [];
  const load = new Int32Array(roster.up.length);
  let balanceMoves = 0;
  let balanceRemaining = 0;
  for (const [index, ranked] of roster.tasks.entries()) {
    const { task, owner } = ranked;
    let position = target[index];
    if (position === undefined) continue;
    if (position !== owner) {
      // A limited round is the beginning of the unlimited one: the next round continues it.
      if (owner !== undefined && balanceMoves >= policy.balanceMovesMax) {
        balanceRemaining += 1;
        position = owner;
      } else {
        if (owner !== undefined) balanceMoves += 1;
        const to = roster.up[position]?.worker ?? '';
        moves.push({ id: task.id, from: task.owner, to, cause: causeOf(ranked, roster, policy) });
      }
    }
    load[position] = (load[position] ?? 0) + 1;
    assignment.set(task.id, roster.up[position]?.worker ?? '');
  }
  return {
    assignment,
    moves,
    unplaceable: roster.unplaceable,
    spread: spreadOf(load),
    balanceRemaining,
  };
}

function causeOf({ task, owner }: RankedTask, roster: Roster, policy: AssignmentPolicy): MoveCause {
  if (owner !== undefined) return policy.movement === 'literal' ? 'formula' : 'balance';
  return task.owner !== undefined && roster.isKnown(task.owner) ? 'drain' : 'orphan';
}

/** Without spreading the loads into arguments: of those there is a limit. */
function spreadOf(load: Int32Array): number {
  const sorted = load.toSorted();
  return (sorted.at(-1) ?? 0) - (sorted[0] ?? 0);
}
