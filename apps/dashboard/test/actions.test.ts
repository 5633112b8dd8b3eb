import { afterEach, expect, test, vi } from 'vitest';
import { cordonWorker, pendingReason, perform } from '../src/state/actions.ts';
import type { Notice } from '../src/state/notices.ts';

const told = vi.hoisted((): Omit<Notice, 'id'>[] => []);
vi.mock('../src/state/notices.ts', () => ({
  notify: (notice: Omit<Notice, 'id'>) => told.push(notice),
  dismiss: () => undefined,
  ask: async () => true,
}));

afterEach(() => {
  told.length = 0;
  vi.unstubAllGlobals();
});

test('what waits for a leader is said to be stored, with why, and not to be done', async () => {
  const answer = {
    worker: 'worker-1',
    state: 'pending',
    request_id: 'r',
    reason: 'no coordinator',
  };
  vi.stubGlobal('fetch', async () => Response.json(answer, { status: 202 }));
  expect(await cordonWorker('worker-1', 'cordon')).toBe(false);
  expect(told.at(-1)).toEqual({
    kind: 'pending',
    title: 'Cordon worker-1: stored, not done yet',
    detail: 'no coordinator; it is done as soon as it can',
  });
});

test('what was done is said to be done', async () => {
  const answer = { worker: 'worker-1', state: 'cordoned' };
  vi.stubGlobal('fetch', async () => Response.json(answer, { status: 202 }));
  expect(await cordonWorker('worker-1', 'cordon')).toBe(true);
  expect(told.at(-1)).toMatchObject({
    kind: 'done',
    title: expect.stringContaining('is cordoned') as string,
  });
  expect(await perform('Sign out', async () => undefined, 'Signed out')).toBe(true);
  expect(told.at(-1)).toMatchObject({ kind: 'done', title: 'Signed out' });
});

test('definitions that wait say so in their status', () => {
  expect(pendingReason({ status: 'pending', request_id: 'r', reason: 'no leader' })).toBe(
    'no leader',
  );
  expect(pendingReason({ status: 'done', connectors: [] })).toBeUndefined();
});
