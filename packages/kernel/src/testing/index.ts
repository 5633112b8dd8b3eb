export { type IdSource, replaceIds } from '../ids.ts';
export { FakeClock } from './fake-clock.ts';
