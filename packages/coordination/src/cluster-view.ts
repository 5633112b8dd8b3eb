/**
 * A reader's copy of the cluster, kept fresh by deltas. Owned by one loop; never shared between threads.
 * It may lag behind the store: decisions made on it are checked again by the scripts that apply them.
 */
import type { ConnectorRecord, MemberRecord, PluginInfo, UnitId, UnitRecord } from './model.ts';
import { catalogOf, type PluginCatalog } from './plugin-catalog.ts';
import type { Changes } from './store.ts';

export class ClusterView {
  #dataset: string | undefined;
  #revision = 0;
  #protocol: number | undefined;
  /** Grows when something changed that an assignment could depend on; statuses do not count. */
  #planRevision = 0;
  readonly #connectors = new Map<string, ConnectorRecord>();
  readonly #units = new Map<UnitId, UnitRecord>();
  readonly #members = new Map<string, MemberRecord>();
  readonly #unitsByConnector = new Map<string, Map<UnitId, UnitRecord>>();
  readonly #builtInPlugins: readonly PluginInfo[];
  /** Undefined since the members changed. */
  #catalog: PluginCatalog | undefined;

  /** `builtInPlugins`: parts that come with every worker. */
  constructor(builtInPlugins: readonly PluginInfo[] = []) {
    this.#builtInPlugins = builtInPlugins;
  }

  get dataset(): string | undefined {
    return this.#dataset;
  }
  get revision(): number {
    return this.#revision;
  }
  /** Version of the protocol in use. What only a newer version knows may be written when this says so. */
  get protocol(): number | undefined {
    return this.#protocol;
  }
  get planRevision(): number {
    return this.#planRevision;
  }
  get connectors(): ReadonlyMap<string, ConnectorRecord> {
    return this.#connectors;
  }
  get units(): ReadonlyMap<UnitId, UnitRecord> {
    return this.#units;
  }
  get members(): ReadonlyMap<string, MemberRecord> {
    return this.#members;
  }

  /** Of the plugins that members announce. */
  get catalog(): PluginCatalog {
    this.#catalog ??= catalogOf(this.#members.values(), this.#builtInPlugins);
    return this.#catalog;
  }

  unitsOf(connector: string): UnitRecord[] {
    return [...(this.#unitsByConnector.get(connector)?.values() ?? [])];
  }

  /** A unit is held by a live incarnation if its owner's record is that incarnation, and not dead. */
  liveOwner(unit: UnitRecord): MemberRecord | undefined {
    if (unit.worker === undefined) return undefined;
    const member = this.#members.get(unit.worker);
    return member && member.incarnation === unit.incarnation && member.state !== 'dead'
      ? member
      : undefined;
  }

  /** Returns whether the store was found to have lost what this view knew. */
  apply(changes: Changes): boolean {
    const lostData = this.#misses(changes);
    this.#take(changes);
    return lostData;
  }

  /** By all that there was a while ago, which may be older than this view, and what has changed since. */
  replace(whole: Changes, since: Changes): boolean {
    const lostData = this.#misses(since);
    this.#take(whole);
    this.#take(since);
    return lostData;
  }

  #misses({ dataset, revision }: Changes): boolean {
    if (this.#dataset === undefined) return false;
    return dataset !== this.#dataset || revision < this.#revision;
  }

  #take(changes: Changes): void {
    if (changes.kind === 'full') {
      this.#connectors.clear();
      this.#units.clear();
      this.#members.clear();
      this.#unitsByConnector.clear();
      this.#catalog = undefined;
      this.#planRevision++;
    }
    this.#dataset = changes.dataset;
    this.#revision = changes.revision;
    this.#protocol = changes.protocol;

    for (const [name, record] of changes.connectors) {
      if (record) this.#connectors.set(name, record);
      else this.#connectors.delete(name);
      this.#planRevision++;
    }
    for (const [name, record] of changes.members) {
      if (record) this.#members.set(name, record);
      else this.#members.delete(name);
      this.#catalog = undefined;
      this.#planRevision++;
    }
    for (const [id, record] of changes.units) this.#applyUnit(id, record);
  }

  #applyUnit(id: UnitId, next: UnitRecord | undefined): void {
    const previous = this.#units.get(id);
    if (!sameOwnership(previous, next)) this.#planRevision++;
    if (next) {
      this.#units.set(id, next);
      let siblings = this.#unitsByConnector.get(next.connector);
      if (!siblings) this.#unitsByConnector.set(next.connector, (siblings = new Map()));
      siblings.set(id, next);
      return;
    }
    this.#units.delete(id);
    if (!previous) return;
    const siblings = this.#unitsByConnector.get(previous.connector);
    siblings?.delete(id);
    if (siblings?.size === 0) this.#unitsByConnector.delete(previous.connector);
  }
}

/** That what was granted is claimed by then changes no plan: thousands do so one after another on a cold start. */
function sameOwnership(a: UnitRecord | undefined, b: UnitRecord | undefined): boolean {
  return (
    planState(a) === planState(b) &&
    a?.incarnation === b?.incarnation &&
    a?.fence === b?.fence &&
    a?.epoch === b?.epoch &&
    a?.uid === b?.uid &&
    a?.retired === b?.retired &&
    a?.heldEpoch === b?.heldEpoch
  );
}

function planState(unit: UnitRecord | undefined): UnitRecord['state'] | undefined {
  return unit?.state === 'claimed' ? 'granted' : unit?.state;
}
