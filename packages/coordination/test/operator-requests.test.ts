import { describe, expect, test } from 'vitest';

import { askAsOperator } from '../src/cluster-client.ts';
import { operatorRequest, operatorRequestId } from '../src/operator-requests.ts';

describe('what an operator may ask for', () => {
  test.each([
    { op: 'target', connector: 'orders', state: 'STARTED' },
    { op: 'target', connector: 'orders', state: 'PAUSED' },
    { op: 'target', connector: 'orders', state: 'STOPPED', protocol: 2 },
    { op: 'restart', connector: 'orders' },
    { op: 'restart', connector: 'orders', includeTasks: true, onlyFailed: true },
    { op: 'restart', connector: 'orders', task: 3 },
    { op: 'drain', worker: 'worker-1' },
    { op: 'cordon', worker: 'worker-1', protocol: 2 },
    { op: 'uncordon', worker: 'worker-1', protocol: 2 },
  ])('$op $state goes on as it is', (body) => {
    expect(operatorRequest(body)).toEqual(body);
  });

  test.each([
    { op: 'apply', mode: 'upsert', definitions: [] },
    { op: 'apply', mode: 'upsert', definitions: [], dryRun: true },
    { op: 'delete', connector: 'orders' },
    { op: 'target', connector: 'orders', state: 'DELETED' },
    { op: 'target', connector: ['orders'], state: 'PAUSED' },
    { op: 'restart' },
    { op: 'drain', worker: 7 },
    { op: 'cordon', worker: 7 },
    { op: 'drain', worker: 'w'.repeat(1_001) },
    { op: 'restart', connector: 'c'.repeat(1_001) },
    { op: 'target', connector: 'c'.repeat(1_001), state: 'PAUSED' },
    { op: ['target'], connector: 'orders', state: 'PAUSED' },
    { op: 'constructor' },
    {},
    [],
    'pause',
    null,
  ])('%j does not', (body) => {
    expect(operatorRequest(body)).toBeUndefined();
  });

  test('fields that are not known, or not of their kind, stay behind', () => {
    const more = { definitions: [{ name: 'x', config: {} }], mode: 'upsert', includeTasks: 'yes' };
    const asked = { op: 'restart', connector: 'orders', task: -1, protocol: 'x', ...more };
    expect(operatorRequest(asked)).toEqual({ op: 'restart', connector: 'orders' });
  });
});

test('an operator’s request is put into the inbox, and answered under an id that no other request has', async () => {
  const put: object[] = [];
  const ask = askAsOperator(
    {
      put: async (entry) => {
        put.push(entry);
        return '7-0';
      },
    },
    { who: 'ann', from: 'here' },
  );
  const body = { op: 'drain', worker: 'worker-1' } as const;
  expect(await ask('1', body)).toBe(operatorRequestId({ position: '7-0', id: '1' }));
  expect(operatorRequestId({ position: '7-0', id: '1' })).not.toBe('1');
  expect(put).toEqual([{ id: '1', body: JSON.stringify(body), who: 'ann', from: 'here' }]);
  await expect(ask('2', { op: 'delete', connector: 'orders' })).rejects.toMatchObject({
    code: 'store.denied',
    message: expect.stringMatching(/^to delete orders needs an admin/) as string,
  });
  expect(put).toHaveLength(1);
});
