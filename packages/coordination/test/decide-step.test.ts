/** What a worker does so that a unit is as the store says: every case once. */
import { describe, expect, test } from 'vitest';

import { taskUnit } from '../src/model.ts';
import type { AssignedUnit } from '../src/store.ts';
import { decideStep, type StepContext } from '../src/worker/decide-step.ts';

const unit = taskUnit('a', 0);
const usual: StepContext = { isDraining: false, isConfirming: false, readsAgain: false };

function assigned(changes: Partial<AssignedUnit> = {}): AssignedUnit {
  return {
    unit,
    uid: 'uid',
    epoch: 1,
    fence: 7,
    restarts: 0,
    order: 'run',
    claimed: true,
    targetState: 'STARTED',
    definitionVersion: 1,
    ...changes,
  };
}

function here(changes: { fence?: number; refences?: number; stopping?: Promise<void> } = {}) {
  const { fence = 7, ...rest } = changes;
  return { uid: 'uid', refences: 0, runnable: { fence }, ...rest };
}

function steps(
  cases: readonly (readonly [
    string,
    Partial<AssignedUnit>,
    ReturnType<typeof here> | undefined,
    Partial<StepContext>,
    ReturnType<typeof decideStep>,
  ])[],
): void {
  test.each(cases)('%s', (_, changes, local, context, step) => {
    expect(decideStep(assigned(changes), local, { ...usual, ...context })).toBe(step);
  });
}

describe('what does not run here', () => {
  steps([
    ['is claimed', { claimed: false }, undefined, {}, 'claim'],
    ['is claimed again if we have forgotten that we did', {}, undefined, {}, 'claim'],
    ['is only released if it is to stop', { order: 'stop' }, undefined, {}, 'release'],
    ['is left to be revoked by who drains', { claimed: false }, undefined, draining(), 'none'],
    ['is taken by who drains if it is ours already', {}, undefined, draining(), 'claim'],
  ]);
});

describe('what runs here', () => {
  steps([
    ['goes on, and follows its connector', {}, here(), {}, 'follow'],
    ['stops if it is to', { order: 'stop' }, here(), {}, 'stop'],
    ['stops if it is another connector’s by now', { uid: 'other' }, here(), {}, 'stop'],
    ['stops if it was given to us anew', { fence: 8 }, here(), {}, 'stop'],
    ['is claimed again if the store forgot that', { claimed: false }, here(), {}, 'claim again'],
  ]);
});

describe('a lower fence than ours', () => {
  const lower = { fence: 6 };
  steps([
    ['may be an old answer', lower, here(), {}, 'none'],
    ['is a loss if a review shows it', lower, here(), { readsAgain: true }, 'refence again'],
    ['holds after a loss of data', lower, here(), { isConfirming: true, readsAgain: true }, 'stop'],
    ['is an old answer, too, if it says to stop', { ...lower, order: 'stop' }, here(), {}, 'none'],
  ]);
});

describe('while something is under way', () => {
  const stopping = Promise.resolve();
  steps([
    ['a renewal of the fence is waited for', { order: 'stop' }, here({ refences: 1 }), {}, 'later'],
    ['… also under a lower fence', { fence: 6 }, here({ refences: 1 }), {}, 'later'],
    ['a stop goes on', { order: 'stop' }, here({ stopping }), {}, 'none'],
    [
      'a stop goes on whatever a review shows',
      {},
      here({ stopping }),
      { readsAgain: true },
      'none',
    ],
    ['what is given to us anew waits for the stop', { fence: 8 }, here({ stopping }), {}, 'later'],
  ]);
});

function draining(): Partial<StepContext> {
  return { isDraining: true };
}
