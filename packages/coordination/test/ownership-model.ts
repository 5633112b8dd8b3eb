/**
 * A small model of what the store does with a leader's decisions, with the guards of its scripts, and of
 * what the workers do then. What it refuses of a decision that was made on its very state is a fault.
 */
import {
  decideOwnership,
  type OwnershipDecision,
  type OwnershipPolicy,
} from '../src/decide-ownership.ts';
import type { ConnectorRecord, MemberRecord, UnitId, UnitRecord } from '../src/model.ts';
import { clockCatalog, connector, member, task, viewOf } from './records.ts';

type Unit = { -readonly [Key in keyof UnitRecord]: UnitRecord[Key] };

export class OwnershipModel {
  readonly members = new Map<string, MemberRecord>();
  readonly connectors = new Map<string, ConnectorRecord>();
  readonly units = new Map<UnitId, Unit>();
  readonly faults: string[] = [];
  /** Times that a unit was taken by a worker. */
  readonly claims = new Map<UnitId, number>();
  readonly #cordons = new Set<string>();
  #fences = 0;
  #incarnations = 0;

  join(worker: string): void {
    if (this.members.has(worker)) return;
    const incarnation = `${worker}#${++this.#incarnations}`;
    const cordoned = this.#cordons.has(worker);
    this.members.set(worker, member(worker, { incarnation, cordoned }));
  }

  cordon(worker: string, cordoned: boolean): void {
    const record = this.members.get(worker);
    if (!record) return;
    if (cordoned) this.#cordons.add(worker);
    else this.#cordons.delete(worker);
    this.members.set(worker, { ...record, cordoned });
  }

  drain(worker: string): void {
    const record = this.members.get(worker);
    if (record) this.members.set(worker, { ...record, state: 'draining' });
  }

  /** Declared dead, its units orphaned, forgotten. */
  die(worker: string): void {
    const record = this.members.get(worker);
    if (!record) return;
    this.members.delete(worker);
    for (const unit of this.units.values()) {
      if (unit.incarnation === record.incarnation) this.#free(unit);
    }
  }

  publish(name: string, count: number): void {
    const before = this.connectors.get(name);
    const taskEpoch = (before?.taskEpoch ?? 0) + 1;
    this.connectors.set(name, connector(name, { taskEpoch, taskCount: count }));
    for (const unit of this.units.values()) {
      if (unit.connector === name && (unit.task ?? 0) >= count) this.#retire(unit);
    }
    for (let number = 0; number < count; number++) {
      const existing = this.units.get(`task/${name}/${number}`);
      if (existing) {
        existing.epoch = taskEpoch;
        existing.retired = false;
      } else {
        const created = task(name, number, { epoch: taskEpoch });
        this.units.set(created.unit, { ...created });
      }
    }
  }

  delete(name: string): void {
    const record = this.connectors.get(name);
    if (!record) return;
    for (const unit of this.units.values()) if (unit.connector === name) this.#retire(unit);
    this.connectors.set(name, { ...record, lifecycle: 'deleting' });
  }

  /** What the leader does in one turn. Returns whether it did anything. */
  turn(policy: OwnershipPolicy): OwnershipDecision {
    const view = viewOf({
      members: [...this.members.values()],
      connectors: [...this.connectors.values()],
      units: [...this.units.values()].map((unit) => ({ ...unit })),
    });
    const decision = decideOwnership(view, clockCatalog, policy);
    for (const { unit, fence } of decision.revoke) this.#revoke(unit, fence);
    for (const grant of decision.grant) this.#grant(grant);
    for (const unit of decision.sweepUnits) {
      if (this.units.get(unit)?.state !== 'free') this.#fault(`${unit} swept though it is owned`);
      this.units.delete(unit);
    }
    for (const name of decision.sweepConnectors) this.connectors.delete(name);
    return decision;
  }

  /** The workers do what they are told, those units that are picked. */
  progress(picks: (unit: UnitId) => boolean): void {
    for (const unit of this.units.values()) {
      if (!picks(unit.unit)) continue;
      if (unit.state === 'granted') this.#claim(unit);
      else if (unit.state === 'revoking') this.#free(unit);
    }
  }

  get owned(): UnitRecord[] {
    return [...this.units.values()].filter(({ state }) => state === 'claimed');
  }

  /** Of workers that take work. */
  loads(): Map<string, number> {
    const loads = new Map<string, number>();
    for (const { worker, state, cordoned } of this.members.values()) {
      if (state === 'up' && !cordoned) loads.set(worker, 0);
    }
    for (const { worker = '' } of this.owned) {
      const load = loads.get(worker);
      if (load !== undefined) loads.set(worker, load + 1);
    }
    return loads;
  }

  #claim(unit: Unit): void {
    // A claim of an older set is stale: its configuration is gone.
    if (unit.retired || unit.heldEpoch !== unit.epoch) return;
    unit.state = 'claimed';
    this.claims.set(unit.unit, (this.claims.get(unit.unit) ?? 0) + 1);
  }

  #grant({ unit: id, uid, epoch, worker, incarnation }: OwnershipDecision['grant'][number]): void {
    const unit = this.units.get(id);
    const owner = this.members.get(worker);
    const olderHeld = [...this.units.values()].some(
      (other) =>
        other.connector === unit?.connector &&
        other.state !== 'free' &&
        (other.heldEpoch ?? 0) < epoch,
    );
    if (unit?.state !== 'free' || unit.retired || unit.uid !== uid || unit.epoch !== epoch) {
      this.#fault(`${id} granted as it is not`);
    } else if (owner?.state !== 'up' || owner.incarnation !== incarnation) {
      this.#fault(`${id} granted to ${worker}, which is not up`);
    } else if (owner.cordoned) {
      this.#fault(`${id} granted to ${worker}, which is cordoned`);
    } else if (olderHeld) {
      this.#fault(`${id} granted while an older set is held`);
    } else {
      Object.assign(unit, { state: 'granted', worker, incarnation, heldEpoch: epoch });
      unit.fence = ++this.#fences;
    }
  }

  #revoke(id: UnitId, fence: number): void {
    const unit = this.units.get(id);
    if (!unit || unit.fence !== fence || unit.state === 'free' || unit.state === 'revoking') {
      this.#fault(`${id} revoked as it is not`);
    } else if (unit.state === 'granted') this.#free(unit);
    else unit.state = 'revoking';
  }

  #free(unit: Unit): void {
    if (unit.retired) {
      this.units.delete(unit.unit);
      return;
    }
    unit.state = 'free';
    if (unit.worker !== undefined) unit.lastWorker = unit.worker;
    delete unit.worker;
    delete unit.incarnation;
    delete unit.heldEpoch;
  }

  #retire(unit: Unit): void {
    if (unit.state === 'free') this.units.delete(unit.unit);
    else unit.retired = true;
  }

  #fault(text: string): void {
    this.faults.push(text);
  }
}
