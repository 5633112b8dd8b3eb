/** What clients of the API ask for, besides requests. */
import { connectors, pick } from './scene.ts';
import type { TakeStep } from './steps.ts';

const named = [...connectors, 'unknown'];
const loggers = ['root', 'sluice.worker', 'sluice.connector.orders'] as const;

export const clientSteps: Readonly<Record<string, TakeStep>> = {
  fenceOffsets: (scene, { what }) => scene.store.fenceOffsets(pick(named, what)),
  forgetTopics: (scene, { what }) => scene.store.forgetTopics(pick(named, what)),
  setLoggerLevel: (scene, { who, what }) =>
    scene.store.setLoggerLevel(pick(loggers, what), pick(['INFO', 'DEBUG'] as const, who)),
};
