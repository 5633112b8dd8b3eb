import { availableParallelism, loadavg } from 'node:os';

/** So many processes that want to run for each core are what these tests bring about by themselves. */
const ownLoadPerCore = 2;

/**
 * A limit for how long something may take that takes a fraction of it on a machine with nothing else to
 * do. Where other work goes on, it is as much longer as everything else is.
 */
export function limitMs(ms: number): number {
  const [load = 0] = loadavg();
  return ms * Math.max(1, load / availableParallelism() / ownLoadPerCore);
}
