import type { StartJob } from '@sluice/coordination';
import { waitFor } from '@sluice/testkit';
import { expect, test } from 'vitest';

import { startRig } from './rig.ts';

test('what a queue keeps of finished jobs stays small, however many there were', async () => {
  await using rig = await startRig();
  let handled = 0;
  await rig.consumer({
    handler: {
      start: async () => {
        handled += 1;
        return 'claimed';
      },
      refresh: async () => {},
    },
  });
  const runJobs = async (fence: number): Promise<number> => {
    const before = handled;
    const jobs = Array.from({ length: 400 }, (_none, task): StartJob => {
      const job = { worker: 'worker-1', incarnation: 'first', reason: 'balance' };
      return { ...job, unit: `task/orders/${task}`, fence };
    });
    await rig.dispatcher.start(jobs);
    await waitFor(() => handled - before === jobs.length, { what: 'all jobs to be handled' });
    const queue = rig.queues.startQueue('worker-1');
    await waitFor(async () => (await queue.getActiveCount()) === 0, { what: 'no job under way' });
    return await rig.inspect.dbsize();
  };
  const keys = await runJobs(1);
  expect(keys).toBeLessThan(200);
  expect(await runJobs(2)).toBeLessThan(keys + 20);
});
