import { connectorUnit } from '@sluice/coordination';
import { startTestCluster } from '@sluice/coordination/conformance';
import { afterEach, expect, test } from 'vitest';

import { guardedFiles } from '../../src/mutations/all-guards.ts';
import { outdated } from '../../src/mutations/equivalent.ts';
import {
  breakGuard,
  observedGuards,
  observeGuards,
  wouldDiffer,
} from '../../src/mutations/guard-switch.ts';
import { instrumented } from '../../src/mutations/instrument.ts';
import { guardsOfLua } from '../../src/mutations/lua-guards.ts';
import { idOf, type MutationKind, mutationsOf, placed } from '../../src/mutations/mutation.ts';
import { ScriptBook } from '../../src/redis/script-book.ts';
import { makeFakeStore } from '../redis/fake-store.ts';

afterEach(() => observeGuards(0));

test('guards within guards go through the switch, the inner ones first', () => {
  const text = 'if a and b == 1 then f() end';
  const guards = placed('lua', 'a.lua', text, guardsOfLua('a.lua', text), 7);
  expect(instrumented(text, guards)).toBe(
    'if mutation.guard(7, (mutation.guard(8, (a)) and mutation.guard(9, (b == 1)))) then f() end',
  );
  expect(guards.flatMap(mutationsOf).map(idOf)).toEqual([
    'a.lua:1:true',
    'a.lua:1:false',
    'a.lua:1.2:true',
    'a.lua:1.2:inverted',
    'a.lua:1.3:true',
    'a.lua:1.3:inverted',
  ]);
});

test('every mutation has an id of its own, and what is called equivalent is there', {
  timeout: 30_000,
}, () => {
  const guards = guardedFiles().flatMap(({ guards: of }) => of);
  const ids = guards.flatMap(mutationsOf).map(idOf);
  expect(ids.length).toBeGreaterThan(2_000);
  expect(new Set(ids).size).toBe(ids.length);
  expect(outdated(guards)).toEqual([]);
});

test('what a guard said tells which mutations would have changed something', () => {
  const differs = (number: number, kind: MutationKind) =>
    wouldDiffer(observedGuards(), { number, kind });
  observeGuards(3);
  globalThis.sluiceGuard(1, 'yes');
  expect(differs(1, 'true')).toBe(false);
  expect(differs(1, 'false')).toBe(true);
  expect(differs(1, 'inverted')).toBe(true);
  globalThis.sluiceGuard(1, '');
  expect(differs(1, 'true')).toBe(true);
  expect(differs(2, 'inverted')).toBe(false);
});

test('a script whose guard is broken does what the guard refused', {
  timeout: 30_000,
}, async () => {
  const files = guardedFiles().filter(({ language }) => language === 'lua');
  const scripts = new ScriptBook(
    new Map(files.map(({ file, instrumented: text }) => [file, text])),
  );
  const guard = files
    .flatMap(({ guards }) => guards)
    .find(({ text }) => text === 'owner ~= incarnation or current ~= fence');
  const claimUnderOldFence = async (): Promise<string | undefined> => {
    const cluster = await startTestCluster(async () => makeFakeStore(scripts));
    const unit = connectorUnit('orders');
    await cluster.define('orders');
    const member = await cluster.join('w');
    const fence = await cluster.grant(unit, member);
    const old = [{ unit, fence: fence - 1 }];
    return (await cluster.store.claim('w', member.incarnation, old))[0]?.kind;
  };
  expect(await claimUnderOldFence()).toBe('stale');
  breakGuard({ number: guard?.number ?? -1, kind: 'false' });
  expect(await claimUnderOldFence()).toBe('claimed');
});
