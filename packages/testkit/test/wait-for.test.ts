import { expect, test } from 'vitest';
import { waitFor } from '../src/wait-for.ts';

/** One more with each look. */
function counter(max: number): () => number {
  let count = 0;
  return () => (count = Math.min(max, count + 1));
}

test('what moves may take longer than the limit', async () => {
  const beganMs = performance.now();
  const seen = await waitFor(counter(40), {
    what: 'forty',
    until: (count) => count === 40,
    progress: (count) => count,
    timeoutMs: 50,
    intervalMs: 5,
  });
  expect(seen).toBe(40);
  expect(performance.now() - beganMs).toBeGreaterThan(150);
});

test('what stands still does not, and the error tells what is known of it', async () => {
  const waiting = waitFor(counter(3), {
    what: 'forty',
    until: (count) => count === 40,
    progress: (count) => count,
    timeoutMs: 50,
    intervalMs: 5,
    explain: async () => 'nobody counts any more',
  });
  await expect(waiting).rejects.toThrow(
    /for forty, and nothing moved for 50 ms; last seen: 3\nnobody counts any more$/,
  );
});

test('without progress the limit is for the whole, and an explanation that fails hides nothing', async () => {
  const waiting = waitFor(counter(1_000_000), {
    what: 'more than there is',
    until: () => false,
    timeoutMs: 50,
    intervalMs: 5,
    explain: async () => {
      throw new Error('nobody answers');
    },
  });
  await expect(waiting).rejects.toThrow(
    /^waited \d+ ms for more than there is; last seen: \d+\nno explanation: nobody answers$/,
  );
});
