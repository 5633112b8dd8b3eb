/**
 * `POST /sluice/plan`: what a rerun of the assignment would move now, by the planner that the leader uses, also if
 * workers came or went. Changes nothing.
 */
import {
  type ClusterSnapshot,
  type PlanOptions,
  penaltiesOf,
  planChanges,
  settlingDefaults,
  type WorkerView,
} from '@sluice/coordination';
import type { Clock } from '@sluice/kernel';
import type { FastifyInstance } from 'fastify';
import type { z } from 'zod';

import { ApiError } from '../api-error.ts';
import type { ClusterAccess } from '../cluster-access.ts';
import { resource } from '../resource.ts';
import { planSchema } from '../schemas.ts';
import type { PlanAnswer } from '../shapes.ts';
import { validated } from '../validation.ts';

/** As the leader has it: coordinators of one cluster are set up alike. */
export interface PlanningOptions extends Pick<PlanOptions, 'movement' | 'builtIn'> {
  readonly halfLifeMs: number;
}

export const planningDefaults = {
  movement: 'minimal',
  halfLifeMs: settlingDefaults.penaltyHalfLifeMs,
} as const;

/** Deaths of workers are among the newest, or count no more. */
const eventsMax = 1_000;

export function registerSluicePlan(
  app: FastifyInstance,
  cluster: ClusterAccess,
  { movement, builtIn, halfLifeMs, clock }: PlanningOptions & { readonly clock: Clock },
): void {
  resource(app, '/sluice/plan', {
    POST: async (request): Promise<PlanAnswer> => {
      const { workers } = validated(planSchema, request.body, 'plan');
      const [snapshot, events] = [await cluster.snapshot(), await cluster.events(eventsMax)];
      const penalties = penaltiesOf(events, { nowMs: clock.wallMs(), halfLifeMs });
      const changed = withWorkers(snapshot, workers);
      const { units, problems } = planChanges(changed, [], { movement, builtIn, penalties });
      return {
        moves: units.map(({ unit, from, to, why }) => ({
          unit,
          from: from ?? null,
          to: to ?? null,
          why,
        })),
        problems,
        added: changed.workers
          .map(({ member }) => member.worker)
          .filter((name) => !snapshot.workers.some(({ member }) => member.worker === name)),
      };
    },
  });
}

/** @throws ApiError 404 about a worker to remove that there is not. */
export function withWorkers(
  snapshot: ClusterSnapshot,
  { add, remove }: z.output<typeof planSchema>['workers'],
): ClusterSnapshot {
  const names = new Set(snapshot.workers.map(({ member }) => member.worker));
  const unknown = remove.find((name) => !names.has(name));
  if (unknown !== undefined) {
    throw new ApiError(
      404,
      `There is no worker ${unknown}; there are: ${[...names].join(', ') || 'none'}`,
    );
  }
  const kept = snapshot.workers.filter(({ member }) => !remove.includes(member.worker));
  const slotMax = Math.max(-1, ...snapshot.workers.map(({ member }) => member.slot));
  const added = Array.from({ length: add }, (_none, index) =>
    newWorker(snapshot, freeName(names, index), slotMax + 1 + index),
  );
  return { ...snapshot, workers: [...kept, ...added] };
}

/** Of the kind of those that there are. */
function newWorker({ workers, plugins }: ClusterSnapshot, name: string, slot: number): WorkerView {
  const example = workers.find(({ state }) => state === 'up')?.member;
  return {
    member: {
      worker: name,
      incarnation: name,
      state: 'up',
      slot,
      pid: 0,
      host: '',
      address: '',
      protocol: example?.protocol ?? { min: 1, max: 1 },
      log: example?.log ?? '',
      leaseMs: example?.leaseMs ?? 0,
      plugins: example?.plugins ?? plugins,
      joinedAtMs: 0,
    },
    state: 'up',
    beatAgeMs: 0,
    units: [],
  };
}

function freeName(taken: Set<string>, index: number): string {
  let name = `new-${index + 1}`;
  while (taken.has(name)) name += '+';
  taken.add(name);
  return name;
}
