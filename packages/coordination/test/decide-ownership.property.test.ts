/** Whatever happens, and however far its orders were carried out: the leader gets there from any state. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import type { OwnershipDecision, OwnershipPolicy } from '../src/decide-ownership.ts';
import type { UnitRecord } from '../src/model.ts';
import { OwnershipModel } from './ownership-model.ts';

const worker = fc.integer({ min: 1, max: 5 }).map((number) => `w${number}`);
const name = fc.constantFrom('a', 'b', 'c');
const policy = fc.record({
  movement: fc.constantFrom('minimal' as const, 'literal' as const),
  balanceMovesMax: fc.constantFrom(0, 1, 3, Number.POSITIVE_INFINITY),
});
type Policy = Pick<OwnershipPolicy, 'movement' | 'balanceMovesMax'>;

type Step =
  | {
      readonly do: 'join' | 'drain' | 'die' | 'cordon' | 'uncordon';
      readonly worker: string;
    }
  | { readonly do: 'publish'; readonly name: string; readonly count: number }
  | { readonly do: 'delete'; readonly name: string }
  | { readonly do: 'turn'; readonly policy: Policy }
  | { readonly do: 'progress'; readonly salt: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constantFrom('join' as const, 'drain' as const, 'die' as const), worker }),
  fc.record({ do: fc.constantFrom('cordon' as const, 'uncordon' as const), worker }),
  fc.record({
    do: fc.constant('publish' as const),
    name,
    count: fc.integer({ min: 0, max: 6 }),
  }),
  fc.record({ do: fc.constant('delete' as const), name }),
  { weight: 4, arbitrary: fc.record({ do: fc.constant('turn' as const), policy }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('progress' as const), salt: fc.nat(7) }) },
);

function take(model: OwnershipModel, each: Step): void {
  switch (each.do) {
    case 'join':
      return model.join(each.worker);
    case 'drain':
      return model.drain(each.worker);
    case 'die':
      return model.die(each.worker);
    case 'cordon':
    case 'uncordon':
      return model.cordon(each.worker, each.do === 'cordon');
    case 'publish':
      // One that is being deleted publishes nothing.
      if (model.connectors.get(each.name)?.lifecycle === 'deleting') return;
      return model.publish(each.name, each.count);
    case 'delete':
      return model.delete(each.name);
    case 'turn':
      model.turn({ ...each.policy, penalties: new Map() });
      return;
    case 'progress':
      // About half of the units, others with each salt.
      return model.progress((unit) => (hash(unit) + each.salt) % 7 < 4);
  }
}

/** Turns until nothing is left to do; the number of turns is bounded. */
function settle(model: OwnershipModel, rest: Policy): OwnershipDecision {
  for (let turns = 0; ; turns++) {
    const decision = model.turn({ ...rest, penalties: new Map() });
    const isBusy = [...model.units.values()].some(
      ({ state }) => state === 'granted' || state === 'revoking',
    );
    if (!isBusy && decision.revoke.length + decision.grant.length === 0) return decision;
    if (turns > 200) throw new Error('it does not come to rest');
    model.progress(() => true);
  }
}

function hash(text: string): number {
  return Array.from(text).reduce((sum, character) => sum + (character.codePointAt(0) ?? 0), 0);
}

test('after anything it comes to rest: every task has one owner that is up, and the loads are even', () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 60 }),
      fc.constantFrom('minimal' as const, 'literal' as const),
      (steps, movement) => {
        const model = new OwnershipModel();
        for (const each of steps) take(model, each);
        const last = settle(model, { movement, balanceMovesMax: 2 });

        // Nothing was ever decided that the store would have refused.
        expect(model.faults).toEqual([]);
        expect(last.balanceRemaining).toBe(0);
        const up = [...model.members.values()].filter(({ state }) => state === 'up');
        const wanted = [...model.connectors.values()].reduce(
          (sum, { taskCount }) => sum + taskCount,
          0,
        );
        expect(model.units.size).toBe(wanted);
        expect([...model.connectors.values()].every(({ lifecycle }) => lifecycle === 'live')).toBe(
          true,
        );
        const cordoned = new Set(up.filter((each) => each.cordoned).map((each) => each.worker));
        const isKept = (unit: UnitRecord): boolean => cordoned.has(unit.worker ?? '');
        if (up.length === cordoned.size) {
          expect(model.owned.every(isKept)).toBe(true);
          return;
        }
        expect(model.owned).toHaveLength(wanted);
        const loads = [...model.loads().values()];
        expect(loads).toHaveLength(up.length - cordoned.size);
        // By the formula, who is cordoned may have what would be another's.
        if (movement === 'minimal' || cordoned.size === 0) {
          expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(1);
        }
        if (movement === 'literal') {
          const seats = up.toSorted((a, b) => a.slot - b.slot).map((each) => each.worker);
          const inOrder = model.owned.toSorted((a, b) => a.ordinal - b.ordinal);
          for (const [j, unit] of inOrder.entries()) {
            const seat = seats[j % seats.length] ?? '';
            if (!isKept(unit) && !cordoned.has(seat)) expect(unit.worker).toBe(seat);
          }
        }
      },
    ),
    { numRuns: 300 },
  );
});

test('of a cluster at rest, a death moves what the dead had and nothing else, a join the surplus', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 5 }),
      fc.integer({ min: 0, max: 24 }),
      fc.integer({ min: 1, max: 5 }),
      (workers, count, balanceMovesMax) => {
        const minimal = { movement: 'minimal', balanceMovesMax } as const;
        const model = new OwnershipModel();
        for (let number = 1; number <= workers; number++) model.join(`w${number}`);
        model.publish('a', count);
        settle(model, minimal);
        const fences = (): Map<string, number> =>
          new Map(model.owned.map(({ unit, fence }) => [unit, fence]));

        const lost = model.owned.filter((unit) => unit.worker === 'w1').map(({ unit }) => unit);
        const before = fences();
        model.die('w1');
        settle(model, minimal);
        const between = fences();
        expect(changed(before, between)).toEqual(lost.toSorted());

        model.join('w1');
        settle(model, minimal);
        expect(changed(between, fences())).toHaveLength(Math.floor(count / workers));
        expect(model.faults).toEqual([]);
      },
    ),
    { numRuns: 200 },
  );
});

test('nothing is taken from a cordoned worker but what ends, is reconfigured or is drained', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), policy, (steps, rest) => {
      const model = new OwnershipModel();
      for (const each of steps) take(model, each);
      const kept = model.owned.filter((unit) => {
        const owner = model.members.get(unit.worker ?? '');
        return owner?.state === 'up' && owner.cordoned === true;
      });
      const { revoke } = model.turn({ ...rest, penalties: new Map() });
      const balanced = revoke.filter(({ why }) => why === 'balance').map(({ unit }) => unit);
      expect(kept.filter(({ unit }) => balanced.includes(unit))).toEqual([]);
    }),
    { numRuns: 300 },
  );
});

test('no round takes more away from workers that run well than it may', () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 40 }),
      fc.integer({ min: 0, max: 3 }),
      (steps, balanceMovesMax) => {
        const model = new OwnershipModel();
        for (const each of steps) take(model, each);
        const rest = { movement: 'minimal', balanceMovesMax, penalties: new Map() } as const;
        const { revoke } = model.turn(rest);
        expect(revoke.filter(({ why }) => why === 'balance').length).toBeLessThanOrEqual(
          balanceMovesMax,
        );
      },
    ),
    { numRuns: 200 },
  );
});

function changed(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
): string[] {
  return [...before.keys()].filter((unit) => before.get(unit) !== after.get(unit)).toSorted();
}
