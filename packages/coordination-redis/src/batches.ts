import { SluiceError } from '@sluice/kernel';

import type { Reply } from './reply.ts';

/** Units in one script call: it keeps Redis from everything else for some milliseconds. */
export const batchUnitsMax = 500;

/** Runs batch after batch, and returns the answers for all items in the order of the items. */
export async function inBatches<Item, Answer>(
  items: readonly Item[],
  run: (batch: readonly Item[]) => Promise<readonly Answer[]>,
): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (let from = 0; from < items.length; from += batchUnitsMax) {
    const batch = items.slice(from, from + batchUnitsMax);
    const answered = await run(batch);
    if (answered.length !== batch.length) {
      throw new SluiceError(
        'store.malformed_reply',
        `a script answered for ${answered.length} of ${batch.length} units`,
      );
    }
    answers.push(...answered);
  }
  return answers;
}

export function isOne(reply: Reply): boolean {
  return reply.integer() === 1;
}
