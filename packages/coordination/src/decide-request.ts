/**
 * What a request means for the cluster as it is now. Pure: the leader writes the mutation and the result
 * in one step that is refused if a record moved on meanwhile, and then asks again.
 */
import { decideApply } from './decide-apply.ts';
import { decideWorker, protocolNeeded } from './decide-worker.ts';
import {
  type ConnectorRecord,
  connectorUnit,
  type NewEvent,
  taskUnit,
  type UnitRecord,
} from './model.ts';
import {
  appliedAs,
  expectedOf,
  liveRecord,
  notFound,
  nothing,
  type Refusal,
  type RequestContext,
  type RequestDecision,
  refusal,
  refused,
} from './request-decision.ts';
import type { RequestBody, RequestResult, StoredRequest } from './requests.ts';

export function decideRequest(body: RequestBody, context: RequestContext): RequestDecision {
  const inUse = context.view.protocol ?? 1;
  const needed = Math.max(body.protocol ?? 1, protocolNeeded(body));
  if (needed > inUse) return refusal(newerRequest(body.op, needed, inUse));
  switch (body.op) {
    case 'apply':
      return decideApply(body, context);
    case 'delete':
      return decideDelete(body.connector, context);
    case 'target':
      return decideTarget(body, context);
    case 'restart':
      return decideRestart(body, context);
    case 'drain':
    case 'cordon':
    case 'uncordon':
      return decideWorker(body, context);
    default:
      return refusal(unknownRequest(body));
  }
}

/** For a request that breaks the code that should decide it. */
export function refuseUndecidable({ id }: StoredRequest): RequestDecision {
  const code = 'request.malformed';
  const message = `request ${id} is malformed: nothing of it was applied`;
  return {
    ...refusal(refused(400, code, message)),
    events: [
      { type: 'request.refused', message: `refused request ${id}: ${code}`, facts: { code } },
    ],
  };
}

/** For what the journal cannot hold. */
export function refuseUnwritable({ id, body }: StoredRequest, { message }: Error): RequestDecision {
  const code = 'connector.too_large';
  const facts = { op: body.op, code };
  return {
    ...refusal(refused(400, code, message)),
    events: [{ type: 'request.refused', message: `refused request ${id}: ${code}`, facts }],
  };
}

function decideDelete(name: string, { view }: RequestContext): RequestDecision {
  const record = liveRecord(view, name);
  if (!record) return refusal(notFound(name));
  const deleting: ConnectorRecord = { ...record, lifecycle: 'deleting' };
  return {
    mutation: {
      connectors: [
        { record: deleting, ...expectedOf(record), retireTasks: true, retireConnector: true },
      ],
      restart: [],
    },
    result: { kind: 'done', connectors: [appliedAs('deleted', deleting)] },
    events: [
      {
        type: 'connector.deleted',
        message: `connector ${name} deleted`,
        facts: { connector: name },
      },
    ],
  };
}

function decideTarget(
  { connector, state }: Extract<RequestBody, { op: 'target' }>,
  { view }: RequestContext,
): RequestDecision {
  const record = liveRecord(view, connector);
  if (!record) return refusal(unknownConnector(connector));
  const done = (next: ConnectorRecord): RequestResult => ({
    kind: 'done',
    connectors: [appliedAs(next === record ? 'unchanged' : 'updated', next)],
  });
  if (record.targetState === state) return { mutation: nothing, result: done(record), events: [] };
  const stopping = state === 'STOPPED';
  const resuming = record.targetState === 'STOPPED';
  const next: ConnectorRecord = {
    ...record,
    targetState: state,
    // A stopped connector has no tasks; started again, it publishes its set anew under a newer epoch.
    ...(stopping ? { taskCount: 0, taskVersion: 0 } : {}),
  };
  return {
    mutation: {
      connectors: [
        { record: next, ...expectedOf(record), ...(stopping ? { retireTasks: true } : {}) },
      ],
      // Its worker may never have seen it stopped, and would not know that a set is to be published again.
      restart: resuming ? [connectorUnit(connector)] : [],
    },
    result: done(next),
    events: [
      {
        type: 'connector.target',
        message: `connector ${connector} is to be ${state}`,
        facts: { connector, state },
      },
    ],
  };
}

function decideRestart(
  { connector, task, includeTasks, onlyFailed }: Extract<RequestBody, { op: 'restart' }>,
  { view }: RequestContext,
): RequestDecision {
  const record = liveRecord(view, connector);
  if (!record) return refusal(refused(404, 'connector.unknown', `Unknown connector: ${connector}`));
  const wanted = view.unitsOf(connector).filter((unit) => !unit.retired);
  let chosen: UnitRecord[];
  if (task === undefined) {
    chosen = wanted.filter((unit) => unit.kind === 'connector' || includeTasks === true);
  } else {
    chosen = wanted.filter((unit) => unit.unit === taskUnit(connector, task));
    if (chosen.length === 0) {
      return refusal(refused(404, 'task.unknown', `Unknown task: ${connector}-${task}`));
    }
  }
  if (onlyFailed) chosen = chosen.filter((unit) => unit.status?.state === 'FAILED');
  const units = chosen.map(({ unit }) => unit);
  return {
    mutation: { connectors: [], restart: units },
    result: {
      kind: 'done',
      connectors: [appliedAs('unchanged', record)],
      units,
    },
    events: units.length === 0 ? [] : [restartEvent(connector, units)],
  };
}

function restartEvent(connector: string, units: readonly string[]): NewEvent {
  const what = units.includes(connectorUnit(connector)) ? 'connector and tasks' : 'tasks';
  return {
    type: 'connector.restart',
    message: `restart of ${units.length === 1 ? units[0] : `${units.length} units (${what})`} of ${connector} asked for`,
    facts: { connector, units: units.length },
  };
}

/** Not as `notFound`: so Kafka Connect words it for pause, resume and stop. */
function unknownConnector(name: string): Refusal {
  return refused(404, 'connector.unknown', `Unknown connector ${name}`);
}

function newerRequest(op: string, needed: number, inUse: number): Refusal {
  const message = `the request "${op}" needs version ${needed} of the protocol, and the cluster uses version ${inUse}: upgrade all coordinators and workers (or unset SLUICE_PROTOCOL_MAX), then ask again; it uses a version a minute after all of them speak it`;
  return refused(409, 'request.newer_protocol', message);
}

/** Of another version of Sluice, or not JSON at all. */
function unknownRequest(body: { readonly op?: unknown }): Refusal {
  const message = `this coordinator does not know the request "${String(body.op)}": is it older than who asks?`;
  return refused(400, 'request.unknown', message);
}
