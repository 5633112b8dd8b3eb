/** What a worker says of itself over HTTP. */
import { expect, test } from 'vitest';

import { reachableAddress } from '../src/http.ts';

test('a worker is known by the address that it listens on', () => {
  expect(reachableAddress('127.0.0.1', 8084, 'worker-1')).toBe('127.0.0.1:8084');
});

test('a worker that listens on all addresses is known by the name of its machine', () => {
  expect(reachableAddress('0.0.0.0', 8084, 'worker-1')).toBe('worker-1:8084');
  expect(reachableAddress('::', 8084, 'worker-1')).toBe('worker-1:8084');
});
