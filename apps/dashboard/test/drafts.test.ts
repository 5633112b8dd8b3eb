import { expect, test } from 'vitest';
import { Drafts } from '../src/state/drafts.ts';

test('what was typed outlives a session that ended, and is for nobody else', () => {
  const drafts = new Drafts();
  drafts.signedIn('ann');
  drafts.set('create FileStreamSource', { name: 'orders' });
  expect(drafts.hasAny).toBe(true);
  drafts.signedIn('ann');
  expect(drafts.get('create FileStreamSource')).toEqual({ name: 'orders' });
  drafts.signedIn('bob');
  expect(drafts.get('create FileStreamSource')).toBeUndefined();
  expect(drafts.hasAny).toBe(false);
});

test('what is saved or taken back is no draft any more', () => {
  const drafts = new Drafts();
  drafts.signedIn(null);
  drafts.set('a', 1);
  drafts.set('a', undefined);
  expect(drafts.hasAny).toBe(false);
});
