import type { ActorStatus } from '@sluice/actor';
import type { RunnableUnit } from '@sluice/coordination';
import { Registry } from 'prom-client';
import { expect, test } from 'vitest';

import { RestartMetrics } from '../src/metrics/restart-metrics.ts';

const unit: RunnableUnit = {
  unit: 'task/orders/3',
  kind: 'task',
  connector: 'orders',
  task: 3,
  fence: 7,
  config: {},
  connectorType: 'source',
  targetState: 'STARTED',
  definitionVersion: 1,
  taskCount: 4,
};
const status = { address: unit.unit, fence: 7, executor: 'shared-0' };
const labels = 'connector="orders",unit="task",task="3"';

test('starts, restarts and the time of the next one are there until the unit is gone', async () => {
  const registry = new Registry();
  const metrics = new RestartMetrics(registry);
  const shown = async (): Promise<string[]> => {
    metrics.show(10);
    const text = await registry.metrics();
    return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  };
  const waiting: ActorStatus = {
    ...status,
    state: 'RESTARTING',
    attempts: 2,
    nextRetryAtMs: 5_500,
  };
  metrics.status(unit, { ...waiting, attempts: 1, nextRetryAtMs: 1_000 });
  metrics.status(unit, { ...status, state: 'RUNNING', attempts: 2 });
  metrics.status(unit, waiting);
  metrics.status(unit, waiting);
  expect(await shown()).toEqual([
    `sluice_unit_starts{${labels}} 2`,
    `sluice_unit_automatic_restarts_total{${labels}} 2`,
    `sluice_unit_next_start_timestamp_seconds{${labels}} 5.5`,
  ]);
  metrics.status(unit, { ...status, state: 'RUNNING', attempts: 3 });
  expect(await shown()).toEqual([
    `sluice_unit_starts{${labels}} 3`,
    `sluice_unit_automatic_restarts_total{${labels}} 2`,
  ]);
  metrics.forget(unit.unit);
  expect(await shown()).toEqual([]);
});
