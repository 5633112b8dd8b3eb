/** `/sluice/workers`: the members of the cluster, and draining, cordoning and uncordoning one. */
import { connectorUnit, parseUnit, type WorkerView, workerRequest } from '@sluice/coordination';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

import { notePending } from '../audit.ts';
import type { ClusterAccess } from '../cluster-access.ts';
import { parameter, resource } from '../resource.ts';

export function registerSluiceWorkers(app: FastifyInstance, cluster: ClusterAccess): void {
  resource(app, '/sluice/workers', {
    GET: async () => (await cluster.snapshot()).workers.map(workerBody),
  });

  const ask = async (
    op: keyof typeof statesAfter,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<object> => {
    const worker = parameter(request, 'name');
    const outcome = await cluster.submitOrPending(workerRequest(op, worker));
    reply.status(202);
    if (outcome.kind === 'done') return { worker, state: statesAfter[op] };
    notePending(request);
    return { worker, state: 'pending', request_id: outcome.requestId, reason: outcome.reason };
  };

  resource(app, '/sluice/workers/:name/drain', {
    POST: async (request, reply) => await ask('drain', request, reply),
  });
  // Said twice, they say the same.
  resource(app, '/sluice/workers/:name/cordon', {
    PUT: async (request, reply) => await ask('cordon', request, reply),
  });
  resource(app, '/sluice/workers/:name/uncordon', {
    PUT: async (request, reply) => await ask('uncordon', request, reply),
  });
}

const statesAfter = { drain: 'draining', cordon: 'cordoned', uncordon: 'uncordoned' } as const;

function workerBody({ member, state, beatAgeMs, units }: WorkerView): object {
  const parsed = units.map((unit) => ({ unit, ...parseUnit(unit) }));
  const tasks = parsed.filter(({ kind }) => kind === 'task');
  return {
    id: member.worker,
    incarnation: member.incarnation,
    state,
    // It is given nothing new; so is who comes next under its name.
    cordoned: member.cordoned === true,
    slot: member.slot,
    pid: member.pid,
    host: member.host,
    worker_id: member.address,
    // Null when there is no beat of it at all.
    beat_age_ms: Number.isFinite(beatAgeMs) ? Math.round(beatAgeMs) : null,
    protocol: member.protocol,
    log: member.log,
    plugins: member.plugins
      .filter(({ error }) => error === undefined)
      .map(({ class: name, type, version }) => ({ class: name, type, version })),
    // What it could not load, and why.
    broken_plugins: member.plugins.flatMap(({ class: name, error }) =>
      error === undefined ? [] : [{ name, error }],
    ),
    joined_at_ms: member.joinedAtMs,
    task_count: tasks.length,
    tasks: tasks.map(({ connector, task }) => `${connector}/${task}`),
    connectors: parsed
      .filter(({ unit, connector }) => unit === connectorUnit(connector))
      .map(({ connector }) => connector),
  };
}
