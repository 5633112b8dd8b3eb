/** Pausing, stopping and resuming a connector, as the leader decides it. */
import { expect, test } from 'vitest';

import { decideRequest } from '../src/decide-request.ts';
import { type ConnectorRecord, connectorUnit, type TargetState } from '../src/model.ts';
import type { RequestDecision } from '../src/request-decision.ts';
import { actor, clockCatalog, connector, viewOf } from './records.ts';

function decideTarget(record: ConnectorRecord, state: TargetState): RequestDecision {
  const view = viewOf({ connectors: [record], units: [actor(record.name)] });
  return decideRequest(
    { op: 'target', connector: record.name, state },
    { view, catalog: clockCatalog, newUid: () => 'uid', nowMs: 1 },
  );
}

test('a connector that was stopped is restarted when it is to run again, so that it publishes its tasks', () => {
  for (const state of ['STARTED', 'PAUSED'] as const) {
    const stopped = connector('orders', { targetState: 'STOPPED', taskCount: 0, taskVersion: 0 });
    const { mutation, result } = decideTarget(stopped, state);
    expect(mutation.connectors[0]?.record.targetState).toBe(state);
    expect(mutation.restart).toEqual([connectorUnit('orders')]);
    expect(result).toMatchObject({ kind: 'done' });
  }
});

test('pausing, resuming and stopping restart nothing', () => {
  const changes: [TargetState, TargetState][] = [
    ['STARTED', 'PAUSED'],
    ['PAUSED', 'STARTED'],
    ['STARTED', 'STOPPED'],
  ];
  for (const [from, to] of changes) {
    const { mutation } = decideTarget(connector('orders', { targetState: from }), to);
    expect(mutation.connectors[0]?.record.targetState).toBe(to);
    expect(mutation.restart).toEqual([]);
  }
});

test('asking for the state that it has changes nothing', () => {
  const { mutation } = decideTarget(connector('orders', { targetState: 'STOPPED' }), 'STOPPED');
  expect(mutation).toEqual({ connectors: [], restart: [] });
});
