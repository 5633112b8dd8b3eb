import { connectorUnit } from '@sluice/coordination';
import { startTestCluster } from '@sluice/coordination/conformance';
import { expect, test } from 'vitest';

import { parseLua } from '../../src/lua/syntax.ts';
import { luaMutations, scriptMutations } from '../../src/mutations/all-mutations.ts';
import { ScriptBook } from '../../src/redis/script-book.ts';
import { makeFakeStore } from '../redis/fake-store.ts';

const guardsOf = (text: string): string[] =>
  luaMutations('test.lua', text)
    .filter(({ kind }) => kind === 'true')
    .map(({ guard }) => guard);

test('a condition is a guard, and so is each of its operands', () => {
  expect(guardsOf('if not a or (b and c == d) then f() elseif e then g() end')).toEqual([
    'not a or (b and c == d)',
    'not a',
    'b and c == d',
    'b',
    'c == d',
    'e',
  ]);
  expect(guardsOf('while a do f() end')).toEqual(['a']);
});

test('what is returned, assigned or passed is guarded by its comparisons and by what stands before an "and"', () => {
  expect(guardsOf("return allowed and claim(x) or 'stale'")).toEqual(['allowed']);
  expect(guardsOf('local behind = a < b or c < d')).toEqual(['a < b', 'c < d']);
  expect(guardsOf('f(g() == 1)')).toEqual(['g() == 1']);
});

test('a default is no guard', () => {
  expect(guardsOf('return tonumber(value or 0)')).toEqual([]);
});

test('a guard is broken in three ways, in the text of the whole file', () => {
  const text = "local a = 1\nif a == 2 and b then return 'no' end\nreturn 'yes'";
  const mutations = luaMutations('test.lua', text).filter(({ guard }) => guard === 'a == 2');
  expect(mutations.map(({ id, line, text: broken }) => [id, line, broken.split('\n')[1]])).toEqual([
    ['test.lua:2.2:true', 2, "if  (true)  and b then return 'no' end"],
    ['test.lua:2.2:false', 2, "if  (false)  and b then return 'no' end"],
    ['test.lua:2.2:inverted', 2, "if  (not (a == 2))  and b then return 'no' end"],
  ]);
});

test('every mutation of every script is Lua still, under an id of its own', () => {
  const mutations = scriptMutations();
  expect(mutations.length).toBeGreaterThan(500);
  expect(new Set(mutations.map(({ id }) => id)).size).toBe(mutations.length);
  for (const { id, text } of mutations) parseLua(id, text);
});

test('a script whose guard is broken does what the guard refused', async () => {
  const mutation = scriptMutations(['claim.lua']).find(
    ({ guard, kind }) => guard === 'owner ~= incarnation or current ~= fence' && kind === 'false',
  );
  const claimUnderOldFence = async (scripts?: ScriptBook): Promise<string | undefined> => {
    const cluster = await startTestCluster(async () => makeFakeStore(scripts));
    const unit = connectorUnit('orders');
    await cluster.define('orders');
    const member = await cluster.join('w');
    const fence = await cluster.grant(unit, member);
    const old = [{ unit, fence: fence - 1 }];
    return (await cluster.store.claim('w', member.incarnation, old))[0]?.kind;
  };
  expect(await claimUnderOldFence()).toBe('stale');
  const broken = new ScriptBook(new Map([['claim.lua', mutation?.text ?? '']]));
  expect(await claimUnderOldFence(broken)).toBe('claimed');
});
