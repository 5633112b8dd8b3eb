import { expect, test } from 'vitest';

import { GrantsAfterLoss } from '../../src/world/invariants/grants-after-loss.ts';

const grant = {
  script: 'grant',
  args: ['c|1|', 'task/a/0', 'uid', 1, 'w1', 'first', 'task/a/1', 'uid', 1, 'w2', 'second'],
};
const [c1, c2] = [{}, {}];
const answer = ['refused', 'owned', 'granted', '7'];
const refused = { unit: 'task/a/0', fence: 7 } as const;
const granted = { unit: 'task/a/1', fence: 7 } as const;

test('only what is granted after the quarantine that follows a loss is nobody else’s', () => {
  const grants = new GrantsAfterLoss();
  const includes = () => [refused, granted].map((unit) => grants.includes(unit));
  grants.dataLost();
  grants.scriptRan(c1, grant, answer);
  expect(includes()).toEqual([false, false]);
  grants.scriptRan(c1, { script: 'end-quarantine', args: [] }, 'refused');
  grants.scriptRan(c1, grant, answer);
  expect(includes()).toEqual([false, false]);
  grants.scriptRan(c1, { script: 'end-quarantine', args: [] }, 'ended');
  grants.scriptRan(c1, grant, 'not-leader');
  expect(includes()).toEqual([false, false]);
  grants.scriptRan(c1, grant, answer);
  expect(includes()).toEqual([false, true]);
  grants.dataLost();
  expect(includes()).toEqual([false, false]);
});

test.each(['started', 'running'])('a quarantine that is %s counts from then on', (reply) => {
  const grants = new GrantsAfterLoss();
  grants.scriptRan(c1, { script: 'start-quarantine', args: [] }, 'not-leader');
  grants.scriptRan(c1, grant, answer);
  expect(grants.includes(granted)).toBe(false);
  grants.scriptRan(c1, { script: 'start-quarantine', args: [] }, reply);
  grants.scriptRan(c2, grant, answer);
  expect(grants.includes(granted)).toBe(true);
});

test.each([
  ['another data set', [7, 'one'], ['full', 'other', 9], true],
  ['an older state', [7, 'one'], ['full', 'one', 6], true],
  ['what is new', [7, 'one'], ['delta', 'one', 8], false],
  ['everything, to who begins', [0, ''], ['full', 'one', 6], false],
])('who reads %s has noticed, or not, for himself', (_what, args, reply, hasNoticed) => {
  const grants = new GrantsAfterLoss();
  grants.scriptRan(c1, { script: 'changes', args }, reply);
  grants.scriptRan(c2, grant, answer);
  expect(grants.includes(granted)).toBe(false);
  grants.scriptRan(c1, grant, answer);
  expect(grants.includes(granted)).toBe(hasNoticed);
});
