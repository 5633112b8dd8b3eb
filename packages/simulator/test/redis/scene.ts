/** Who was there so far, and what the store holds now: from these, steps choose what they ask for. */
import type {
  ConnectorRecord,
  CoordinationStore,
  HeldUnit,
  LeaderTerm,
  Ownership,
} from '@sluice/coordination';
import { connectorRecord } from '@sluice/coordination/conformance';

import type { KeyPicture } from '../../src/index.ts';
import type { TwinRedis } from './twin-redis.ts';

export interface Member {
  readonly worker: string;
  readonly incarnation: string;
  dataset: string;
  beat: number;
  revision: number;
}

type Hash = Readonly<Record<string, string>>;
/** `owned`: claimed, or asked to be released. */
type UnitState = 'granted' | 'owned' | 'any';

export const coordinators = ['c1', 'c2'];
export const workers = ['w1', 'w2', 'w3'];
export const connectors = ['orders', 'prices'];

const tag = '{sluice:twin}';

export class Scene {
  readonly twin: TwinRedis;
  readonly store: CoordinationStore;
  readonly members: Member[] = [];
  readonly terms: LeaderTerm[] = [];
  /** By a follower. */
  observed = '';
  /** Goes back to when it was saved. */
  saved: (() => Promise<void>) | undefined;
  #ids = 0;

  constructor(twin: TwinRedis, store: CoordinationStore) {
    this.twin = twin;
    this.store = store;
  }

  newId(prefix: string): string {
    return `${prefix}-${++this.#ids}`;
  }

  /** The last one; wrong 1: the one before. */
  term(wrong: number): LeaderTerm {
    const last = this.terms.at(-1) ?? { coordinator: 'c1', epoch: 1 };
    return wrong === 1 ? { ...last, epoch: last.epoch - 1 } : last;
  }

  /** 0: who joined last. */
  member(number: number): Member {
    const stranger = { worker: 'w1', incarnation: 'stranger', dataset: '', beat: 0, revision: 0 };
    return this.members.at(-1 - (number % Math.max(1, this.members.length))) ?? stranger;
  }

  /** The member that owns the unit that `ownerships` begins with; else that one. */
  ownerOf(what: number, state: UnitState, who: number): Member {
    const [first] = this.#inState(what, state);
    const owner = this.members.find(({ incarnation }) => incarnation === first?.[1].incarnation);
    return owner ?? this.member(who);
  }

  /** Of one or two units; wrong 3: under an old fence, 4: and one that does not exist. */
  ownerships(what: number, state: UnitState, wrong: number): Ownership[] {
    const units = this.#inState(what, state).map(([unit, { fence }]) => ({
      unit,
      fence: Number(fence) - (wrong === 3 ? 1 : 0),
    }));
    return wrong === 4 ? [...units, { unit: 'task/none/0', fence: 1 }] : units;
  }

  heldBy(incarnation: string): HeldUnit[] {
    return this.units()
      .filter(([, unit]) => unit.incarnation === incarnation)
      .map(([unit, { heldUid = '', heldEpoch, fence }]) => {
        return { unit, uid: heldUid, epoch: Number(heldEpoch), fence: Number(fence) };
      });
  }

  units(): [unit: string, record: Hash][] {
    const prefix = `${tag}:u:`;
    return Object.entries(this.twin.fake.dump()).flatMap(([key, picture]) =>
      key.startsWith(prefix) ? [[key.slice(prefix.length), asHash(picture)]] : [],
    );
  }

  connector(name: string): ConnectorRecord | undefined {
    const hash = this.hash(`c:${name}`);
    if (!hash.uid) return undefined;
    return connectorRecord(name, {
      uid: hash.uid,
      version: Number(hash.version),
      targetState: hash.targetState as ConnectorRecord['targetState'],
      lifecycle: hash.lifecycle as ConnectorRecord['lifecycle'],
      taskEpoch: Number(hash.taskEpoch),
    });
  }

  uidOf(connector: string): string {
    return this.hash(`c:${connector}`).uid ?? '';
  }

  hash(key: string): Hash {
    const picture = this.twin.fake.dump()[`${tag}:${key}`];
    return picture ? asHash(picture) : {};
  }

  #inState(what: number, state: UnitState): [string, Hash][] {
    const units = this.units().filter(([, unit]) => {
      if (state === 'any') return true;
      return state === 'granted'
        ? unit.state === 'granted'
        : /claimed|revoking/.test(unit.state ?? '');
    });
    return some(units, what);
  }
}

/** One or two, from one on. */
export function some<T>(items: readonly T[], number: number): T[] {
  const first = items.length === 0 ? 0 : number % items.length;
  return items.slice(first, first + 2);
}

export function pick<T>(items: readonly T[], number: number): T {
  return items[number % items.length] as T;
}

function asHash({ value }: KeyPicture): Hash {
  return typeof value === 'string' ? {} : (Object.fromEntries(value) as Hash);
}
