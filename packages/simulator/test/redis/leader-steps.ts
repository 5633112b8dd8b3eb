/** What leaders and followers do, rightly and wrongly. */
import type { ConnectorMutation, ConnectorRecord, LeaderTerm } from '@sluice/coordination';
import { connectorRecord, leadRequest, taskConfigs } from '@sluice/coordination/conformance';

import { connectors, coordinators, pick, type Scene, some } from './scene.ts';
import type { TakeStep } from './steps.ts';

export const leaseMs = 600_000;

const journal = 'journal';
const done = { kind: 'done' as const, connectors: [] };

export const leaderSteps: Readonly<Record<string, TakeStep>> = {
  lead: async (scene, { who, what, wrong }) => {
    const reply = await scene.store.lead(
      leadRequest(pick(coordinators, who), leaseMs, {
        ...(what % 3 === 0 ? { takeOver: scene.observed } : {}),
        ...(wrong === 1 ? { log: 'kafka' } : {}),
        ...(wrong === 2 ? { log: 'kafka', abandonedLog: 'redis' } : {}),
        protocol: { min: wrong === 3 ? 2 : 1, max: 3 },
      }),
    );
    if (reply.kind === 'leading' && reply.elected) scene.terms.push(reply.term);
    if (reply.kind === 'following') scene.observed = reply.observed;
  },

  withdraw: ({ store }, { who }) => store.withdraw(pick(coordinators, who)),
  resign: (scene, { wrong }) => scene.store.resign(scene.term(wrong)),
  raiseProtocol: (scene, { what, wrong }) => {
    return scene.store.raiseProtocol(scene.term(wrong), 1 + (what % 3));
  },
  raiseEpoch: (scene, { what, wrong }) => {
    const term = scene.term(wrong);
    return scene.store.raiseEpoch(term, term.epoch + what * 1_000_000_000);
  },

  declareDead: (scene, { who, wrong }) => {
    const { worker, incarnation } = scene.member(who);
    const [beat = '0'] = (scene.hash('beats')[worker] ?? '').split('|');
    const seen = Number(beat) - (wrong === 2 ? 1 : 0);
    return scene.store.declareDead(scene.term(wrong), worker, incarnation, seen);
  },
  /** All at once: which of them are freed first is Redis' choice. */
  orphan: (scene, { who, wrong }) => {
    const { worker, incarnation } = scene.member(who);
    return scene.store.orphan(scene.term(wrong), worker, incarnation, 100);
  },
  forget: (scene, { who, wrong }) => {
    const { worker, incarnation } = scene.member(who);
    return scene.store.forget(scene.term(wrong), worker, incarnation);
  },

  grant: (scene, { who, what, wrong }) => {
    const { worker, incarnation } = scene.member(who);
    const free = scene.units().filter(([, { state }]) => wrong === 4 || state === 'free');
    const grants = some(free, what).map(([unit, { uid = '', epoch }]) => ({
      unit,
      uid: wrong === 6 ? 'other' : uid,
      epoch: Number(epoch) - (wrong === 2 ? 1 : 0),
      worker,
      incarnation: wrong === 3 ? 'other' : incarnation,
    }));
    const unknown = { unit: 'connector/none', uid: '', epoch: 0, worker, incarnation };
    return scene.store.grant(scene.term(wrong), wrong === 5 ? [unknown] : grants);
  },
  revoke: (scene, { what, wrong }) => {
    return scene.store.revoke(scene.term(wrong), scene.ownerships(what, 'any', wrong));
  },
  createUnit: (scene, { what, wrong }) => {
    const connector = pick(connectors, what);
    const uid = wrong === 2 ? 'other' : scene.uidOf(connector);
    return scene.store.createConnectorUnit(scene.term(wrong), connector, uid);
  },
  sweep: (scene, { wrong }) => {
    const units = scene.units().map(([unit]) => unit);
    return scene.store.sweep(scene.term(wrong), units, connectors);
  },

  define: (scene, { what, wrong }) => {
    const name = pick(connectors, what);
    const stored = scene.connector(name);
    const record = connectorRecord(name, { uid: scene.newId('uid') });
    const isOver = stored?.lifecycle === 'deleting' && wrong !== 1;
    return apply(scene, { record, ...(isOver ? { expected: stored } : {}) }, wrong);
  },
  alter: async (scene, { who, what, wrong }) => {
    const stored = scene.connector(pick(connectors, what));
    if (!stored) return;
    const expected = { ...stored, version: stored.version + (wrong === 5 ? 1 : 0) };
    await apply(scene, { expected, ...alteration(stored, who) }, wrong);
  },
  applyPending: async (scene, { who, what, wrong }) => {
    const [request] = await scene.store.pendingRequests(3);
    if (!request) return;
    const { worker, incarnation } = scene.member(who);
    const change = pick(['drain', 'cordon', 'uncordon', 'cordon'] as const, what);
    const mutation = { connectors: [], restart: [], worker: { worker, incarnation, change } };
    await scene.store.applyRequest(scene.term(wrong), request, mutation, done, []);
  },
  restart: (scene, { what, wrong }) => {
    const restart = some(scene.units(), what).map(([unit]) => unit);
    const request = { id: scene.newId('restart'), position: '1-1' };
    const mutation = { connectors: [], restart };
    return scene.store.applyRequest(scene.term(wrong), request, mutation, done, []);
  },

  startQuarantine: (scene, { wrong }) => scene.store.startQuarantine(scene.term(wrong)),
  endQuarantine: async (scene, { wrong }) => {
    const nonce = (await scene.store.quarantine()) ?? '';
    await scene.store.endQuarantine(scene.term(wrong), wrong === 2 ? 'other' : nonce);
  },
  /** To another incarnation than the one that has them; wrong 4: to the same. */
  adopt: (scene, { who, wrong }) => {
    const { worker, incarnation } = scene.member(who);
    const holder = wrong === 4 ? incarnation : scene.member(who + 1).incarnation;
    const units = scene.heldBy(holder).map((unit) => ({
      ...unit,
      fence: unit.fence + (wrong === 2 ? 0 : 5),
      epoch: unit.epoch + (wrong === 3 ? 1 : 0),
    }));
    return scene.store.adopt(scene.term(wrong), worker, incarnation, units);
  },

  restore: (scene, { what, wrong }) => {
    const name = pick(connectors, what);
    const stored = scene.connector(name);
    const record = connectorRecord(name, {
      uid: stored && wrong !== 3 ? stored.uid : scene.newId('uid'),
      version: (stored?.version ?? 0) + 1,
      lifecycle: wrong === 4 ? 'deleting' : 'live',
      targetState: wrong === 5 ? 'STOPPED' : 'STARTED',
      taskEpoch: (stored?.taskEpoch ?? 0) + (wrong === 2 ? 0 : 1),
    });
    const tasks = taskConfigs(what % 4).map((config, task) => ({
      task,
      ordinal: 50 + task,
      config,
    }));
    const connector = { ...record, unit: { ordinal: 40 + what, epoch: what }, tasks };
    const high = { ordinal: 30 + what, fence: what };
    return scene.store.restore(scene.term(wrong), [connector], high);
  },
  markJournaled: (scene, { what, wrong }) => {
    const connector = pick(connectors, what);
    const uid = wrong === 2 ? 'other' : scene.uidOf(connector);
    const epoch = Number(scene.hash(`c:${connector}`).taskEpoch ?? 0);
    const after = wrong === 3 ? { after: { journal, position: what - 1 } } : {};
    const mark = { journal, position: what, ...after };
    return scene.store.markJournaled(scene.term(wrong), [{ connector, uid, epoch }], mark);
  },
  appendEvents: (scene, { what, wrong }) => {
    const event = { type: 'test', message: 'happened', facts: { what } };
    return scene.store.appendEvents(scene.term(wrong), [event]);
  },
};

function alteration(stored: ConnectorRecord, how: number): ConnectorMutation {
  const record = { ...stored, version: stored.version + 1 };
  const deleting = { ...record, lifecycle: 'deleting' as const };
  return pick<ConnectorMutation>(
    [
      { record: { ...record, targetState: 'PAUSED' } },
      { record: { ...record, targetState: 'STARTED' } },
      { record: { ...record, targetState: 'STOPPED' }, retireTasks: true },
      { record: deleting, retireTasks: true, retireConnector: true },
      { record: deleting },
      { record: { ...record, config: { name: record.name, changed: `${how}` } } },
    ],
    how,
  );
}

/** Wrong 4: with a mark of the journal; 6: under an id that may have been used. */
async function apply(scene: Scene, connector: ConnectorMutation, wrong: number): Promise<void> {
  const term: LeaderTerm = scene.term(wrong);
  const request = { id: wrong === 6 ? 'request-0' : scene.newId('request'), position: '1-1' };
  const mutation = { connectors: [connector], restart: [] };
  const event = { type: 'test', message: 'applied', facts: {} };
  const mark = wrong === 4 ? { journal, position: 3 } : undefined;
  await scene.store.applyRequest(term, request, mutation, done, [event], mark);
}
