/** What readers ask for, and what happens to Redis. */
import { leaseMs } from './leader-steps.ts';
import { connectors, pick } from './scene.ts';
import type { TakeStep } from './steps.ts';

export const disturbances: Readonly<Record<string, TakeStep>> = {
  changes: (scene, { who, what, wrong }) => {
    const { revision, dataset } = scene.member(who);
    const since = wrong === 1 ? 0 : Math.max(0, revision - what);
    return scene.store.changes(since, wrong === 2 ? 'other' : dataset);
  },
  taskSets: ({ store }) => store.taskSets([...connectors, 'none']),
  submit: ({ store }, { what }) => {
    const connector = pick(connectors, what);
    return store.submit(`request-${what}`, { op: 'target', connector, state: 'PAUSED' });
  },
  read: async ({ store }, { what }) => {
    await store.beats();
    await store.leader();
    await store.taskConfigs(pick(connectors, what));
    await store.events(5);
    await store.result(`request-${what}`);
    await store.held();
    await store.journalMark();
    await store.ping();
  },

  elapse: ({ twin }, { what }) => {
    return twin.elapse(pick([20, 5_000, leaseMs / 2, leaseMs + 1, 8 * 86_400_000], what));
  },
  jump: ({ twin }, { who }) => twin.jumpClock(pick([3_600_000, -3_600_000, 1_000, -5_000], who)),
  flush: ({ twin }) => twin.flush(),
  save: async (scene) => {
    scene.saved = await scene.twin.save();
  },
  revert: async ({ saved }) => saved?.(),
};
