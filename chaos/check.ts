/** Looks at both ends of a world, once all that was written has had the time to be delivered. */
import { waitFor } from '@sluice/testkit';

import { committedButNotPut, type SinkLine, sinkLines } from '../tests/support/sink-lines.ts';
import { judge, type Verdict } from './judge.ts';
import type { ChaosWorld } from './world.ts';

const deliveryMsMax = 20_000;

export async function check({ observer, sinkFile, names }: ChaosWorld): Promise<Verdict> {
  const last = new Map(names.map((name) => [name, highest(observer.records(name))]));
  const delivered = await waitFor(() => sinkLines(sinkFile), {
    what: 'all that was written to be delivered',
    until: (seen) => names.every((name) => deliveredUpTo(seen, name) >= (last.get(name) ?? -1)),
    timeoutMs: deliveryMsMax,
  });
  // After the log has moved, each of our own connections is told so once, and asks again.
  const uncovered = await waitFor(
    async () => await committedButNotPut(observer.log, 'connect-out', () => sinkLines(sinkFile)),
    {
      what: 'the log to tell what is committed',
      until: () => true,
      timeoutMs: deliveryMsMax,
      intervalMs: 100,
    },
  );
  const written = new Map(names.map((name) => [name, observer.records(name)]));
  return judge({ written, delivered, uncovered });
}

function deliveredUpTo(lines: readonly SinkLine[], name: string): number {
  return highest(lines.filter(({ task }) => `in/${task}` === name));
}

/** Not that of the last one: what a successor repeats comes after higher ones. */
function highest(records: readonly { readonly seqno: number }[]): number {
  return records.reduce((max, { seqno }) => Math.max(max, seqno), -1);
}
