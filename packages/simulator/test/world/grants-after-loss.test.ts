import { expect, test } from 'vitest';

import { GrantsAfterLoss } from '../../src/world/invariants/grants-after-loss.ts';

const grant = {
  script: 'grant',
  args: ['c|1|', 'task/a/0', 'uid', 1, 'w1', 'first', 'task/a/1', 'uid', 1, 'w2', 'second'],
};
const [refused, granted] = ['task/a/0', 'task/a/1'].map((unit) => ({ unit, fence: 7 }));

test('only what is granted after the quarantine that follows a loss is nobody else’s', () => {
  const grants = new GrantsAfterLoss();
  const includes = () => [refused, granted].map((unit) => unit && grants.includes(unit));
  const answer = ['refused', 'owned', 'granted', '7'];
  grants.dataLost();
  grants.scriptRan(grant, answer);
  expect(includes()).toEqual([false, false]);
  grants.scriptRan({ script: 'end-quarantine', args: [] }, 'refused');
  grants.scriptRan(grant, answer);
  expect(includes()).toEqual([false, false]);
  grants.scriptRan({ script: 'end-quarantine', args: [] }, 'ended');
  grants.scriptRan(grant, 'not-leader');
  expect(includes()).toEqual([false, false]);
  grants.scriptRan(grant, answer);
  expect(includes()).toEqual([false, true]);
  grants.dataLost();
  expect(includes()).toEqual([false, false]);
});
