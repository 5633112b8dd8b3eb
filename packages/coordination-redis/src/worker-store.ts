/** What a worker process may do: membership, ownership, reports. */
import type {
  AnnounceReply,
  AssignedUnit,
  Assignments,
  BeatReply,
  BeatRequest,
  ClaimResult,
  ConnectorRecord,
  JoinReply,
  JoinRequest,
  Ownership,
  PluginInfo,
  PublishResult,
  PublishTasks,
  StatusReport,
  TargetState,
  UsedTopics,
  WorkerStore,
} from '@sluice/coordination';
import { newId } from '@sluice/kernel';

import { inBatches, isOne } from './batches.ts';
import { encodeStatusDetail, encodeTaskConfig, taskSetDigest } from './records.ts';
import { type Reply, readDisagreement } from './reply.ts';
import type { Scripts } from './scripts.ts';

export class RedisWorkerStore implements WorkerStore {
  readonly #scripts: Scripts;

  constructor(scripts: Scripts) {
    this.#scripts = scripts;
  }

  async join(request: JoinRequest): Promise<JoinReply> {
    const reply = await this.#scripts.run('join', [
      request.worker,
      request.incarnation,
      request.pid,
      request.host,
      request.address,
      request.protocol.max,
      JSON.stringify(request.plugins),
      request.knownDataset ?? '',
      JSON.stringify(request.holding),
      request.holding.reduce((highest, { fence }) => Math.max(highest, fence), 0),
      newId(),
      request.leaseMs,
      request.protocol.min,
      request.log,
      request.cordoned ? '1' : '',
    ]);
    const kind = reply.at(0).status('joined', 'name-taken', 'fenced', 'refused');
    switch (kind) {
      case 'joined':
        return {
          kind,
          slot: reply.at(1).integer(),
          dataset: reply.at(2).text(),
          beat: reply.at(3).integer(),
          revision: reply.at(4).integer(),
        };
      case 'name-taken':
        return {
          kind,
          incarnation: reply.at(1).text(),
          host: reply.at(2).text(),
          pid: reply.at(3).integer(),
        };
      case 'fenced':
        return { kind };
      case 'refused':
        return { kind, disagreement: readDisagreement(reply) };
    }
  }

  async beat(request: BeatRequest): Promise<BeatReply> {
    const reply = await this.#scripts.run('beat', [
      request.worker,
      request.incarnation,
      request.dataset,
      request.beatSeen,
      request.revisionSeen,
      request.ackedBeat,
      newId(),
    ]);
    const kind = reply.at(0).status('ok', 'rejoin', 'fenced');
    if (kind !== 'ok') return { kind };
    return {
      kind,
      beat: reply.at(1).integer(),
      revision: reply.at(2).integer(),
      assignmentRevision: reply.at(3).integer(),
      state: reply.at(4).status('up', 'draining'),
      quarantined: reply.at(5).status('0', '1') === '1',
      cordoned: reply.at(6).status('0', '1') === '1',
    };
  }

  async announce(
    worker: string,
    incarnation: string,
    plugins: readonly PluginInfo[],
  ): Promise<AnnounceReply> {
    const args = [worker, incarnation, JSON.stringify(plugins)];
    const reply = await this.#scripts.run('announce', args);
    return reply.status('announced', 'unchanged', 'refused');
  }

  async drain(
    worker: string,
    incarnation: string,
    { returns }: { returns: boolean },
  ): Promise<void> {
    const reply = await this.#scripts.run('drain', [worker, incarnation, returns ? '1' : '']);
    reply.status('draining', 'refused');
  }

  async leave(worker: string, incarnation: string): Promise<boolean> {
    const reply = await this.#scripts.run('leave', [worker, incarnation]);
    return reply.status('left', 'owns-units') === 'left';
  }

  async assignments(worker: string, incarnation: string): Promise<Assignments> {
    const reply = await this.#scripts.run('assignments', [worker, incarnation]);
    return {
      revision: reply.at(0).integer(),
      dataset: reply.at(1).text(),
      beat: reply.at(2).integer(),
      quarantined: reply.at(3).status('0', '1') === '1',
      units: reply.rows(9, 4).map(readAssignedUnit),
    };
  }

  async claim(
    worker: string,
    incarnation: string,
    units: readonly Ownership[],
  ): Promise<ClaimResult[]> {
    return inBatches(units, async (batch) => {
      const args = [worker, incarnation, ...batch.flatMap(ownershipArguments)];
      return (await this.#scripts.run('claim', args)).list().map(readClaim);
    });
  }

  async release(
    _worker: string,
    incarnation: string,
    units: readonly Ownership[],
  ): Promise<boolean[]> {
    return inBatches(units, async (batch) => {
      const args = [incarnation, ...batch.flatMap(ownershipArguments)];
      return (await this.#scripts.run('release', args)).list().map(isOne);
    });
  }

  async refence(
    worker: string,
    incarnation: string,
    units: readonly Ownership[],
  ): Promise<(number | undefined)[]> {
    return inBatches(units, async (batch) => {
      const args = [worker, incarnation, ...batch.flatMap(ownershipArguments)];
      const reply = await this.#scripts.run('refence', args);
      return reply.list().map((fence) => (fence.is('') ? undefined : fence.integer()));
    });
  }

  async report(
    _worker: string,
    incarnation: string,
    reports: readonly (Ownership & { readonly status: Omit<StatusReport, 'sinceMs'> })[],
  ): Promise<boolean[]> {
    return inBatches(reports, async (batch) => {
      const args = batch.flatMap(({ unit, fence, status }) => [
        unit,
        fence,
        status.state,
        encodeStatusDetail(status),
      ]);
      return (await this.#scripts.run('report', [incarnation, ...args])).list().map(isOne);
    });
  }

  async noteTopics(
    _worker: string,
    incarnation: string,
    used: readonly UsedTopics[],
  ): Promise<boolean[]> {
    return inBatches(used, async (batch) => {
      const args = batch.flatMap(({ unit, fence, topics }) => [
        unit,
        fence,
        topics.length,
        ...topics,
      ]);
      return (await this.#scripts.run('note-topics', [incarnation, ...args])).list().map(isOne);
    });
  }

  async publishTasks(request: PublishTasks): Promise<PublishResult> {
    const configs = request.configs.map(encodeTaskConfig);
    const reply = await this.#scripts.run('publish-tasks', [
      request.connector,
      request.uid,
      request.worker,
      request.incarnation,
      request.fence,
      request.definitionVersion,
      taskSetDigest(configs),
      ...configs,
    ]);
    const kind = reply.at(0).status('published', 'unchanged', 'stale');
    return kind === 'stale' ? { kind } : { kind, epoch: reply.at(1).integer() };
  }
}

function ownershipArguments({ unit, fence }: Ownership): [string, number] {
  return [unit, fence];
}

function readAssignedUnit(row: Reply): AssignedUnit {
  const state = row.at(5).status('granted', 'claimed', 'revoking');
  const isAnothers = row.at(6).status('0', '1') === '1';
  return {
    unit: row.at(0).text(),
    uid: row.at(1).text(),
    epoch: row.at(2).integer(),
    fence: row.at(3).integer(),
    restarts: row.at(4).integer(),
    order: state === 'revoking' || isAnothers ? 'stop' : 'run',
    claimed: state !== 'granted',
    targetState: readTargetState(row.at(7)),
    definitionVersion: row.at(8).integer(),
  };
}

function readTargetState(reply: Reply): TargetState {
  return reply.status('STARTED', 'PAUSED', 'STOPPED');
}

function readClaim(reply: Reply): ClaimResult {
  if (reply.is('stale')) return { kind: 'stale' };
  return {
    kind: reply.at(0).status('claimed'),
    uid: reply.at(1).text(),
    epoch: reply.at(2).integer(),
    restarts: reply.at(3).integer(),
    targetState: readTargetState(reply.at(4)),
    definitionVersion: reply.at(5).integer(),
    config: reply.at(6).json() as ConnectorRecord['config'],
    connectorType: reply.at(7).status('source', 'sink', 'unknown'),
    taskCount: reply.at(8).integer(),
  };
}
