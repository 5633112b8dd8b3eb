/** What workers do, rightly and wrongly. */
import { joinRequest, taskConfigs } from '@sluice/coordination/conformance';

import { connectors, pick, type Scene, workers } from './scene.ts';
import type { TakeStep } from './steps.ts';

export const workerSteps: Readonly<Record<string, TakeStep>> = {
  join: (scene, { who, wrong }) => join(scene, pick(workers, who), scene.newId('i'), wrong, {}),

  /** With what it holds by the records; wrong 4: with nothing. */
  rejoin: (scene, { who, wrong }) => {
    const { worker, incarnation, dataset } = scene.member(who);
    const holding = scene.heldBy(wrong === 4 ? 'nobody' : incarnation);
    return join(scene, worker, incarnation, wrong, { knownDataset: dataset, holding });
  },

  beat: async (scene, { who, wrong }) => {
    const member = scene.member(who);
    const dataset = wrong === 2 ? 'other' : member.dataset;
    const reply = await scene.store.beat({
      worker: wrong === 1 ? 'stranger' : member.worker,
      incarnation: member.incarnation,
      dataset: wrong === 3 ? '' : dataset,
      beatSeen: member.beat + (wrong === 4 ? 100 : 0),
      revisionSeen: member.revision + (wrong === 5 ? 100 : 0),
      ackedBeat: member.beat,
    });
    if (reply.kind !== 'ok') return;
    member.beat = reply.beat;
    member.revision = reply.revision;
  },

  drain: (scene, { who, what }) => {
    const { worker, incarnation } = scene.member(who);
    return scene.store.drain(worker, incarnation, { returns: what % 2 === 1 });
  },

  announce: (scene, { who, what, wrong }) => {
    const { worker, incarnation } = scene.member(who);
    const plugin = { class: 'example.Clock', aliases: [], type: 'source', configKeys: [] } as const;
    const plugins = [{ ...plugin, version: `${what % 2}` }];
    return scene.store.announce(worker, wrong === 1 ? 'another' : incarnation, plugins);
  },

  leave: (scene, { who }) => {
    const { worker, incarnation } = scene.member(who);
    return scene.store.leave(worker, incarnation);
  },

  assignments: (scene, { who }) => {
    const { worker, incarnation } = scene.member(who);
    return scene.store.assignments(worker, incarnation);
  },

  claim: (scene, { who, what, wrong }) => {
    const { worker, incarnation } = scene.ownerOf(what, 'granted', who);
    const units = scene.ownerships(what, 'granted', wrong);
    return scene.store.claim(worker, wrong === 5 ? 'nobody' : incarnation, units);
  },

  release: (scene, { who, what, wrong }) => {
    const state = wrong === 2 ? 'granted' : 'owned';
    const { worker, incarnation } = scene.ownerOf(what, state, who);
    const units = scene.ownerships(what, state, wrong);
    return scene.store.release(worker, wrong === 5 ? 'nobody' : incarnation, units);
  },

  refence: (scene, { who, what, wrong }) => {
    const { worker, incarnation } = scene.ownerOf(what, 'owned', who);
    return scene.store.refence(worker, incarnation, scene.ownerships(what, 'owned', wrong));
  },

  report: (scene, { who, what, wrong }) => {
    const state = wrong === 2 ? 'granted' : 'owned';
    const { worker, incarnation } = scene.ownerOf(what, state, who);
    const reports = scene.ownerships(what, state, wrong).map((each) => ({
      ...each,
      status: { state: pick(['RUNNING', 'FAILED'] as const, who), attempts: what % 2 },
    }));
    return scene.store.report(worker, incarnation, reports);
  },

  noteTopics: (scene, { who, what, wrong }) => {
    const { worker, incarnation } = scene.ownerOf(what, 'owned', who);
    const used = scene
      .ownerships(what, 'owned', wrong)
      .map((each) => ({ ...each, topics: [`topic-${who}`] }));
    return scene.store.noteTopics(worker, incarnation, used);
  },

  publish: (scene, { who, what, wrong }) => {
    const connector = pick(connectors, what);
    const unit = scene.hash(`u:connector/${connector}`);
    const version = scene.connector(connector)?.version ?? 0;
    return scene.store.publishTasks({
      connector,
      uid: wrong === 1 ? 'other' : (unit.heldUid ?? ''),
      worker: unit.worker ?? '',
      incarnation: wrong === 2 ? 'other' : (unit.incarnation ?? ''),
      fence: Number(unit.fence ?? 0) - (wrong === 3 ? 1 : 0),
      definitionVersion: version + (wrong === 4 ? 1 : 0),
      configs: taskConfigs(who % 4),
    });
  },
};

/** Wrong 1: set to another log; 2: too new for the cluster; above: too old. */
async function join(
  scene: Scene,
  worker: string,
  incarnation: string,
  wrong: number,
  changes: Parameters<typeof joinRequest>[2],
): Promise<void> {
  const reply = await scene.store.join(
    joinRequest(worker, incarnation, {
      ...(wrong === 1 ? { log: 'kafka' } : {}),
      protocol: { min: wrong === 2 ? 2 : 1, max: wrong >= 3 ? 1 : 3 },
      ...changes,
    }),
  );
  if (reply.kind !== 'joined') return;
  const { dataset, beat, revision } = reply;
  const known = scene.members.find((member) => member.incarnation === incarnation);
  if (known) Object.assign(known, { dataset, beat, revision });
  else scene.members.push({ worker, incarnation, dataset, beat, revision });
}
