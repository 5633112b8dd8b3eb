/**
 * From what is to what should be: which units to revoke, grant and sweep now. Pure, and without memory of
 * an earlier plan: a half-done hand-off is just units that are free, granted, claimed or revoking, so a
 * new leader goes on from the states alone.
 *
 * Connector actors and tasks are dealt by the same rule, separately.
 */
import {
  type AssignmentPolicy,
  type PlannerTask,
  type PlannerWorker,
  planAssignment,
} from '@sluice/assignment';

import type { ClusterView } from './cluster-view.ts';
import type { HeldSeat } from './held-seats.ts';
import { connectorUnit, type MemberRecord, type UnitId, type UnitRecord } from './model.ts';
import { plannerStateOf } from './planner-state.ts';
import type { PluginCatalog } from './plugin-catalog.ts';
import { PluginPlacement } from './plugin-placement.ts';
import type { Grant, Ownership } from './store.ts';

export interface OwnershipPolicy {
  readonly movement: AssignmentPolicy['movement'];
  /** Balancing moves allowed now; 0 while a change of membership settles. */
  readonly balanceMovesMax: number;
  /** Workers that died lately get work last. */
  readonly penalties: ReadonlyMap<string, number>;
  /** Literal: places of workers that left and will be back. */
  readonly heldSeats?: readonly HeldSeat[];
  /** There is a journal: no task is granted before its epoch is known to be in it. */
  readonly journaledOnly?: boolean;
}

export interface OwnershipDecision {
  readonly revoke: readonly (Ownership & { readonly why: RevokeCause })[];
  readonly grant: readonly (Grant & { readonly from: string | undefined })[];
  readonly sweepUnits: readonly UnitId[];
  readonly sweepConnectors: readonly string[];
  /** Live connectors whose own unit is missing: a store that lost data may come back without it. */
  readonly repair: readonly { readonly connector: string; readonly uid: string }[];
  /** Units that no live worker can take, with the reason. */
  readonly unplaceable: readonly { readonly id: string; readonly reason: string }[];
  /** Eligible workers; `N` of the modulo rule. */
  readonly workers: number;
  /** Tasks that had an owner and have no live one. */
  readonly orphans: number;
  /** Tasks that never had an owner and get one now. */
  readonly placed: number;
  /** Tasks that end up elsewhere than they are or were. */
  readonly moves: number;
  /** Surplus that this round left where it is. */
  readonly balanceRemaining: number;
  /** … of it, tasks. */
  readonly movesRemaining: number;
}

export type RevokeCause = 'retired' | 'older epoch' | 'drain' | 'balance';

export function decideOwnership(
  view: ClusterView,
  catalog: PluginCatalog,
  policy: OwnershipPolicy,
): OwnershipDecision {
  const placement = new PluginPlacement(catalog);
  const plugins = new Map(
    Array.from(view.connectors.values(), ({ name, config }) => [name, placement.add(config)]),
  );
  const workers = plannerWorkers(view, policy, placement);
  const wanted = { connector: [] as UnitRecord[], task: [] as UnitRecord[] };
  const revoke: (Ownership & { why: RevokeCause })[] = [];
  const sweepUnits: UnitId[] = [];
  /** Connectors with a task held in an older epoch: no task of theirs is granted yet. */
  const blocked = new Set<string>();

  for (const unit of view.units.values()) {
    const held = unit.state !== 'free';
    const older = (unit.heldEpoch ?? unit.epoch) < unit.epoch;
    if (unit.kind === 'task' && held && (older || unit.retired)) blocked.add(unit.connector);
    if (unit.retired) {
      if (!held) sweepUnits.push(unit.unit);
      else if (unit.state !== 'revoking') revoke.push(revocation(unit, 'retired'));
      continue;
    }
    if (older && unit.state !== 'revoking') revoke.push(revocation(unit, 'older epoch'));
    const record = view.connectors.get(unit.connector);
    if (record?.lifecycle === 'live' && record.uid === unit.uid) wanted[unit.kind].push(unit);
  }

  const plans = [wanted.connector, wanted.task].map((units) => ({
    units,
    plan: planAssignment(
      units.map((unit) => plannerTask(unit, view, plugins)),
      workers,
      { strategy: 'modulo', movement: policy.movement, balanceMovesMax: policy.balanceMovesMax },
    ),
  }));

  const grant: (Grant & { from: string | undefined })[] = [];
  let orphans = 0;
  let placed = 0;
  let moves = 0;
  for (const { units, plan } of plans) {
    for (const unit of units) {
      const to = plan.assignment.get(unit.unit);
      const owner = view.liveOwner(unit);
      if (unit.kind === 'task') {
        const from = owner?.worker ?? unit.worker ?? unit.lastWorker;
        if (!owner && from !== undefined) orphans++;
        if (to !== undefined && from === undefined) placed++;
        if (to !== undefined && from !== undefined && to !== from) moves++;
      }
      if (unit.state === 'free') {
        const member = to === undefined ? undefined : view.members.get(to);
        const waits = unit.kind === 'task' && blocked.has(unit.connector);
        if (member && !waits && mayBeGranted(unit, view, policy))
          grant.push(granting(unit, member));
      } else if (owner && to !== owner.worker && isMovable(unit)) {
        // A draining worker stops by itself; the order is for one that has not noticed yet.
        if (owner.state === 'draining') revoke.push(revocation(unit, 'drain'));
        else if (to !== undefined && mayBeGranted(unit, view, policy)) {
          revoke.push(revocation(unit, 'balance'));
        }
      }
    }
  }

  return {
    revoke,
    grant,
    sweepUnits,
    sweepConnectors: sweepableConnectors(view),
    repair: [...view.connectors.values()]
      .filter(({ name, lifecycle }) => lifecycle === 'live' && !view.units.has(connectorUnit(name)))
      .map(({ name, uid }) => ({ connector: name, uid })),
    unplaceable: plans.flatMap(({ plan }) => plan.unplaceable),
    workers: workers.filter(({ state }) => state === 'up').length,
    orphans,
    placed,
    moves,
    balanceRemaining: plans.reduce((sum, { plan }) => sum + plan.balanceRemaining, 0),
    movesRemaining: plans.at(-1)?.plan.balanceRemaining ?? 0,
  };
}

/** A task of an epoch that only the store knows could come back as an older one's if the store lost it. */
function mayBeGranted(
  { kind, connector, epoch }: UnitRecord,
  view: ClusterView,
  { journaledOnly }: OwnershipPolicy,
): boolean {
  if (!journaledOnly || kind === 'connector') return true;
  return (view.connectors.get(connector)?.journaledEpoch ?? 0) >= epoch;
}

/** Owned in its current epoch and not on its way out already. */
function isMovable(unit: UnitRecord): boolean {
  return unit.state !== 'revoking' && (unit.heldEpoch ?? unit.epoch) === unit.epoch;
}

function revocation(unit: UnitRecord, why: RevokeCause): Ownership & { why: RevokeCause } {
  return { unit: unit.unit, fence: unit.fence, why };
}

function granting(unit: UnitRecord, to: MemberRecord): Grant & { from: string | undefined } {
  return {
    unit: unit.unit,
    uid: unit.uid,
    epoch: unit.epoch,
    worker: to.worker,
    incarnation: to.incarnation,
    from: unit.lastWorker,
  };
}

function plannerWorkers(
  view: ClusterView,
  policy: OwnershipPolicy,
  placement: PluginPlacement,
): PlannerWorker[] {
  const workers: PlannerWorker[] = [];
  for (const member of view.members.values()) {
    if (member.state === 'dead') continue;
    const penalty = policy.penalties.get(member.worker);
    workers.push({
      worker: member.worker,
      slot: member.slot,
      plugins: placement.metBy(member),
      state: plannerStateOf(member),
      ...(penalty === undefined ? {} : { penalty }),
    });
  }
  const held = policy.heldSeats ?? [];
  return [...workers, ...held.map((seat): PlannerWorker => ({ ...seat, state: 'held' }))];
}

function plannerTask(
  unit: UnitRecord,
  view: ClusterView,
  plugins: ReadonlyMap<string, string>,
): PlannerTask {
  const owner = unit.state === 'revoking' ? undefined : view.liveOwner(unit);
  return {
    id: unit.unit,
    ordinal: unit.ordinal,
    connector: unit.connector,
    plugin: plugins.get(unit.connector) ?? '',
    ...(owner ? { owner: owner.worker } : {}),
  };
}

/** Deleted connectors whose last unit is gone. */
function sweepableConnectors(view: ClusterView): string[] {
  const names: string[] = [];
  for (const record of view.connectors.values()) {
    if (record.lifecycle !== 'deleting') continue;
    if (view.unitsOf(record.name).every((unit) => unit.state === 'free')) names.push(record.name);
  }
  return names;
}
