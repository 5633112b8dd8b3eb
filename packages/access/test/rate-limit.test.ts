import { clientKey, RateLimit } from '@sluice/access';
import { FakeClock } from '@sluice/kernel/testing';
import { expect, test } from 'vitest';

test('so many in a window for each key, and then none until it is over', async () => {
  const clock = new FakeClock();
  const limit = new RateLimit({ max: 2, windowMs: 1_000, clock });
  expect([limit.take('a'), limit.take('a')]).toEqual([0, 0]);
  await clock.advance(400);
  expect([limit.take('a'), limit.take('b'), limit.waitMs('a')]).toEqual([600, 0, 600]);
  await clock.advance(600);
  expect([limit.waitMs('a'), limit.take('a')]).toEqual([0, 0]);
});

test('it holds only so many keys', () => {
  const limit = new RateLimit({ max: 1, windowMs: 1_000, clock: new FakeClock() });
  limit.take('first');
  for (let key = 0; key < 10_000; key++) limit.take(String(key));
  expect(limit.waitMs('first')).toBe(0);
  expect(limit.waitMs('9999')).toBe(1_000);
});

test.each([
  ['10.1.2.3', '10.1.2.3'],
  ['::ffff:10.1.2.3', '10.1.2.3'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:0DB8:1:2::9', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  // As some proxies say it.
  ['10.1.2.3:50123', '10.1.2.3'],
  ['[2001:db8:1:2::9]:50123', '2001:db8:1:2::/64'],
  ['[::ffff:10.1.2.3]', '10.1.2.3'],
  ['unknown', 'unknown'],
])('the client at %s is %s', (address, key) => {
  expect(clientKey(address)).toBe(key);
});
