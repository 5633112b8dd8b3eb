/** `/connectors/{name}/offsets`: read at any time; changed only while the connector is stopped (`changeStopped`). */
import { changeStopped, type FoundConnector } from '@sluice/coordination';
import { assertNever, hasCode, stringifyExactJson, toError } from '@sluice/kernel';
import type { FastifyInstance, FastifyReply } from 'fastify';

import { ApiError } from '../api-error.ts';
import type { ClusterAccess } from '../cluster-access.ts';
import { findConnector } from '../entities.ts';
import type {
  AskConnector,
  OffsetStore,
  OffsetsOfConnector,
  OffsetsOwner,
} from '../offset-store.ts';
import { parseBodies, parseExactBody } from '../request-body.ts';
import { parameter, resource } from '../resource.ts';
import { type AlterOffsets, alterOffsetsSchema } from '../schemas.ts';
import type { ConnectorOffset, OffsetsAnswer } from '../shapes.ts';
import { parseSinkOffsets } from '../sink-offsets.ts';
import { validated } from '../validation.ts';

export interface OffsetsOptions {
  readonly offsets: OffsetStore;
  /** Absent: a connector that wants to be asked keeps its offsets. */
  readonly askConnector?: AskConnector | undefined;
}

export function registerConnectorOffsets(
  app: FastifyInstance,
  cluster: ClusterAccess,
  { offsets, askConnector }: OffsetsOptions,
): void {
  // Apart, since numbers are kept as they are, and not as texts.
  app.register(async (scope) => {
    parseBodies(scope, parseExactBody);
    resource(scope, '/connectors/:name/offsets', {
      GET: async (request, reply) => {
        const name = parameter(request, 'name');
        const { record } = await cluster.connector(name, `Connector ${name} not found`);
        return sendExactly(reply, { offsets: await cluster.limited(offsets.list(record)) });
      },
      PATCH: async (request) => {
        const given = validated(alterOffsetsSchema, request.body, 'offsets');
        const view = await stoppedConnector(cluster, parameter(request, 'name'));
        const { given: altered, change } = alteration(offsets, view.record, given);
        const isAll = await changeOffsets(cluster, view, {
          verb: 'alter',
          ask: () => asked(askConnector, view, async () => altered),
          change,
        });
        return { message: outcomeMessage(isAll, 'altered') };
      },
      DELETE: async (request) => {
        const view = await stoppedConnector(cluster, parameter(request, 'name'));
        const isAll = await changeOffsets(cluster, view, {
          verb: 'reset',
          ask: () =>
            asked(askConnector, view, async () => {
              const stored = await cluster.limited(offsets.list(view.record));
              return stored.map(({ partition }) => ({ partition, offset: null }));
            }),
          change: (owner) => offsets.reset(view.record, owner),
        });
        return { message: outcomeMessage(isAll, 'reset') };
      },
    });
  });
}

/** Whole numbers of 64 bits as well. */
function sendExactly(reply: FastifyReply, body: OffsetsAnswer): FastifyReply {
  return reply.type('application/json; charset=utf-8').send(stringifyExactJson(body));
}

async function stoppedConnector(cluster: ClusterAccess, name: string): Promise<FoundConnector> {
  const view = await cluster.connector(name, `Connector ${name} not found`);
  if (view.record.targetState !== 'STOPPED') throw notStopped(name);
  return view;
}

function alteration(
  offsets: OffsetStore,
  connector: OffsetsOfConnector,
  given: AlterOffsets,
): {
  readonly given: readonly ConnectorOffset[];
  readonly change: (owner: OffsetsOwner) => Promise<void>;
} {
  const complete = given.map(({ partition, offset }): ConnectorOffset => {
    if (partition) return { partition, offset };
    throw new ApiError(
      400,
      `The partition for a ${connector.type} connector offset cannot be null or missing`,
    );
  });
  if (connector.type !== 'sink')
    return {
      given: complete,
      change: (owner) => offsets.alterSource(connector, owner, complete),
    };
  const parsed = parseSinkOffsets(complete);
  return { given: complete, change: (owner) => offsets.alterSink(connector, owner, parsed) };
}

/** Whether offsets are kept nowhere else. @throws ApiError if the connector does not take them. */
async function asked(
  ask: AskConnector | undefined,
  { record, plugins }: FoundConnector,
  altered: () => Promise<readonly ConnectorOffset[]>,
): Promise<boolean> {
  const { plugin } = findConnector(plugins, record.config);
  if (!plugin) return false;
  // A connector that moves a cursor at its source keeps an offset of its own, which is not ours to change.
  if (!plugin.altersOffsets) return !plugin.movesExternalCursor;
  if (ask) return ask({ config: record.config, version: plugin.version, offsets: await altered() });
  throw new ApiError(
    500,
    `Connector ${record.name} (${plugin.class}) has to be asked before its offsets are changed, and its code is not at hand here: ask a coordinator`,
  );
}

/** Resolves with what was answered by `ask`, which comes first. */
async function changeOffsets(
  cluster: ClusterAccess,
  { record }: FoundConnector,
  {
    verb,
    ask,
    change,
  }: {
    readonly verb: string;
    readonly ask: () => Promise<boolean>;
    readonly change: (owner: OffsetsOwner) => Promise<void>;
  },
): Promise<boolean> {
  const { name } = record;
  let isAll = false;
  const outcome = await changeStopped(cluster, record, async (owner) => {
    isAll = await ask();
    try {
      await cluster.limited(change(owner));
    } catch (error) {
      throw changeError(error, name, verb);
    }
  });
  switch (outcome.kind) {
    case 'changed':
      return isAll;
    case 'unknown':
      throw new ApiError(404, `Connector ${name} not found`);
    case 'not-stopped':
      throw notStopped(name);
    case 'quarantined':
      throw new ApiError(
        503,
        'Redis lost data, and workers are asked what they run: try again in a moment',
        { headers: { 'retry-after': '1' } },
      );
    case 'held':
      throw new ApiError(
        500,
        `Request timed out. ${outcome.tasks} tasks of connector ${name} have not stopped yet: try again`,
      );
    case 'started-meanwhile':
      throw startedMeanwhile(name, verb);
    default:
      return assertNever(outcome);
  }
}

function changeError(thrown: unknown, name: string, verb: string): Error {
  const error = toError(thrown);
  const { message } = error;
  if (hasCode(thrown, 'log.unknown_partition')) {
    return new ApiError(400, `Cannot ${verb} the offsets of connector ${name}: ${message}`);
  }
  if (hasCode(thrown, 'log.group_in_use')) {
    return new ApiError(
      500,
      `Failed to ${verb} consumer group offsets for connector ${name}: a zombie sink task, or somebody else, is in its group. If the connector is in a stopped state, this operation can be safely retried. ${message}`,
    );
  }
  return error;
}

function startedMeanwhile(name: string, verb: string): ApiError {
  return new ApiError(
    409,
    `Cannot ${verb} the offsets of connector ${name} as a whole: it was started meanwhile, or its offsets were changed by another request. Stop it, look at its offsets, and repeat the request`,
  );
}

function notStopped(name: string): ApiError {
  return new ApiError(
    400,
    `Connectors must be in the STOPPED state before their offsets can be modified. This can be done for the specified connector by issuing a 'PUT' request to the '/connectors/${name}/stop' endpoint`,
  );
}

function outcomeMessage(isAll: boolean, done: string): string {
  return isAll
    ? `The offsets for this connector have been ${done} successfully`
    : `The Connect framework-managed offsets for this connector have been ${done} successfully. However, if this connector manages offsets externally, they will need to be manually ${done} in the system that the connector uses.`;
}
