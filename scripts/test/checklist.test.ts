import { SluiceError } from '@sluice/kernel';
import { expect, test } from 'vitest';
import { Checklist, megabytes, unavailableCode } from '../checklist.ts';

function recording(): { checklist: Checklist; lines: string[] } {
  const lines: string[] = [];
  return { checklist: new Checklist((line) => lines.push(line), false), lines };
}

test('a step is one line, and its figures and its value are kept', async () => {
  const { checklist, lines } = recording();
  const found = { says: '3 packages', figures: { packages: 3 }, value: 'folder' };
  expect(await checklist.step('pack', () => found)).toBe('folder');
  expect(lines).toEqual([expect.stringMatching(/^✓ pack: 3 packages \(\d+\.\d s\)$/)]);
  expect(checklist.results).toMatchObject([
    { step: 'pack', ok: true, says: '3 packages', figures: { packages: 3 } },
  ]);
});

test('a step that fails is told, and ends the check', async () => {
  const { checklist, lines } = recording();
  const failing = checklist.step('install', async () => {
    await Promise.resolve();
    throw new Error('no registry');
  });
  await expect(failing).rejects.toMatchObject({
    code: 'check.failed',
    message: 'install: no registry',
  });
  expect(lines).toEqual([expect.stringMatching(/^✗ install: no registry \(/)]);
  expect(checklist.results).toMatchObject([{ step: 'install', ok: false }]);
});

test('what cannot be had here is another outcome than a failure', async () => {
  const { checklist } = recording();
  const lacking = checklist.step('base', () => {
    throw new SluiceError(unavailableCode, 'there is no podman');
  });
  await expect(lacking).rejects.toMatchObject({ code: unavailableCode });
});

test('sizes are in megabytes, small ones more exactly', () => {
  expect([801_234, 53_700_000].map(megabytes)).toEqual(['0.80 MB', '53.7 MB']);
});
