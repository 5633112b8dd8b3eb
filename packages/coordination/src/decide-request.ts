/**
 * What a request means for the cluster as it is now. Pure: the leader writes the mutation and the result
 * in one step that is refused if a record moved on meanwhile, and then asks again.
 */
import {
  type ConfigProblem,
  type ConnectorConfig,
  chooseConnectorVersion,
  unsupportedKeys,
  validateConnectorConfig,
} from '@sluice/connector-api';

import type { ClusterView } from './cluster-view.ts';
import { maskedKeys } from './masked-values.ts';
import {
  type ConnectorRecord,
  type ConnectorType,
  connectorUnit,
  type NewEvent,
  type PluginInfo,
  taskUnit,
  type UnitRecord,
} from './model.ts';
import type { PluginCatalog } from './plugin-catalog.ts';
import {
  connectorClasses,
  invalidConfigurationMessage,
  unknownClassMessage,
} from './refusal-texts.ts';
import type {
  AppliedConnector,
  ConnectorMutation,
  Definition,
  Mutation,
  RequestBody,
  RequestResult,
  StoredRequest,
} from './requests.ts';

export interface RequestDecision {
  readonly mutation: Mutation;
  readonly result: RequestResult;
  readonly events: readonly NewEvent[];
}

/** What an acknowledgement of the record log is worth. */
export interface LogPromise {
  readonly durability: 'durable' | 'eventual' | 'volatile';
  /** Why, and the remedy. */
  readonly meaning: string;
}

/** What else is wrong with a connector's configuration: of parts that are known where the leader is put together. */
export type CheckConfig = (
  config: ConnectorConfig,
  /** What workers have announced. */
  plugins: readonly PluginInfo[],
) => readonly ConfigProblem[];

export interface RequestContext {
  readonly view: ClusterView;
  readonly catalog: PluginCatalog;
  readonly newUid: () => string;
  /** What the record log's acknowledgement means; absent as long as it has not said so. */
  readonly logPromise?: LogPromise | undefined;
  readonly checkConfig?: CheckConfig | undefined;
  /** Redis server time as far as known; for `createdAtMs` only. */
  readonly nowMs: number;
}

/** Of one request: it is applied by one script, which keeps Redis from everything else meanwhile. */
const definitionsMax = 10_000;

const nothing: Mutation = { connectors: [], restart: [] };

export function decideRequest(body: RequestBody, context: RequestContext): RequestDecision {
  const inUse = context.view.protocol ?? 1;
  if ((body.protocol ?? 1) > inUse) return refusal(newerRequest(body, inUse));
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
      return decideDrain(body.worker, context);
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

function decideApply(
  body: Extract<RequestBody, { op: 'apply' }>,
  context: RequestContext,
): RequestDecision {
  const { length } = body.definitions;
  if (length > definitionsMax) {
    const message = `a request may define ${definitionsMax} connectors, not ${length}: send it in parts`;
    return refusal(refused(400, 'request.too_large', message));
  }
  const mutations: ConnectorMutation[] = [];
  const applied: AppliedConnector[] = [];
  const refusals: Refusal[] = [];
  const seen = new Set<string>();
  for (const definition of body.definitions) {
    const problem = seen.has(definition.name)
      ? invalid(definition.name, [`connector "${definition.name}" is defined twice in one request`])
      : (checkDefinition(definition, context) ?? checkMode(definition, body, context.view));
    seen.add(definition.name);
    if (problem) {
      refusals.push(problem);
      continue;
    }
    const { outcome, mutation, record } = applyDefinition(definition, context);
    applied.push(appliedAs(outcome, record));
    if (mutation) mutations.push(mutation);
  }
  // All or nothing: one definition that is wrong keeps all of them from being applied.
  if (refusals.length > 0)
    return { mutation: nothing, result: mergeRefusals(refusals), events: [] };
  if (body.dryRun) {
    return { mutation: nothing, result: { kind: 'done', connectors: applied }, events: [] };
  }
  return {
    mutation: { connectors: mutations, restart: [] },
    result: { kind: 'done', connectors: applied },
    events: applied
      .filter(({ outcome }) => outcome !== 'unchanged')
      .map(({ name, outcome, record }) => ({
        type: `connector.${outcome}`,
        message: `connector ${name} ${outcome} (version ${record.version})`,
        facts: { connector: name, version: record.version },
      })),
  };
}

/** Live record of a connector; one being deleted does not exist any more for a user. */
function liveRecord(view: ClusterView, name: string): ConnectorRecord | undefined {
  const record = view.connectors.get(name);
  return record?.lifecycle === 'live' ? record : undefined;
}

function checkMode(
  { name }: Definition,
  { mode, expectedVersion, expectedUid }: Extract<RequestBody, { op: 'apply' }>,
  view: ClusterView,
): Refusal | undefined {
  const existing = liveRecord(view, name);
  if (mode === 'create' && existing) {
    return refused(409, 'connector.exists', `Connector ${name} already exists`);
  }
  if (mode === 'update' && !existing) return notFound(name);
  if (expectedVersion !== undefined && existing?.version !== expectedVersion) {
    return refused(
      409,
      'connector.version_conflict',
      `connector ${name} is at version ${existing?.version ?? 'none'}, not ${expectedVersion}: read it again and repeat the change`,
    );
  }
  if (expectedUid !== undefined && existing?.uid !== expectedUid) {
    return refused(
      409,
      'connector.version_conflict',
      `connector ${name} was deleted and created anew: read it again and repeat the change`,
    );
  }
  return undefined;
}

function checkDefinition(
  definition: Definition,
  { catalog, checkConfig, logPromise }: RequestContext,
): Refusal | undefined {
  const { name, config } = definition;
  if (name.trim() === '') return invalid(name, ['a connector needs a "name"']);
  if (config.name !== undefined && config.name !== name) {
    return refused(
      400,
      'connector.name_mismatch',
      `Connector name configuration (${config.name}) doesn't match connector name in the URL (${name})`,
    );
  }
  const className = config['connector.class'];
  if (className === undefined || className === '') {
    return refused(
      400,
      'connector.no_class',
      // Of Kafka Connect's text only the keys: there may be passwords among the values.
      `Connector config {${Object.keys(config).join(', ')}} contains no connector type: ` +
        `give connector ${name} a "connector.class", one of ${connectorClasses(catalog.list())}`,
    );
  }
  const { plugin: found, problems: versionProblems } = chooseConnector(config, catalog);
  const plugin = found ?? catalog.find(className);
  if (!plugin) return unknownClass(name, className, catalog);
  if (plugin.type !== 'source' && plugin.type !== 'sink') {
    return invalid(name, [`"${className}" is a ${plugin.type}, not a connector`]);
  }
  const masked = maskedKeys(config, plugin.configKeys);
  if (masked.length > 0) {
    const message = `connector ${name} has [hidden] in place of a password for ${masked.join(', ')}: give the value, or a reference to it`;
    return refused(400, 'config.masked', message);
  }
  const problems = [
    ...versionProblems,
    // The keys of another version would mislead.
    ...validateConnectorConfig(plugin.type, versionProblems.length > 0 ? [] : plugin.configKeys, {
      ...config,
      name,
    }),
    ...unsupportedKeys(config),
    ...(checkConfig?.(config, catalog.list()) ?? []),
  ].map(({ message }) => message);
  const forgetful = forgetfulLog(plugin, logPromise);
  if (forgetful !== undefined) problems.push(forgetful);
  return problems.length > 0 ? invalid(name, problems) : undefined;
}

/** The plugin that a definition asks for, and what is wrong with the version that it does. */
function chooseConnector(
  config: ConnectorConfig,
  catalog: PluginCatalog,
): { readonly plugin: PluginInfo | undefined; readonly problems: readonly ConfigProblem[] } {
  const name = config['connector.class'] ?? '';
  const versions = catalog.versionsOf(name, ['source', 'sink']);
  return chooseConnectorVersion(config, versions);
}

/** Where the log has not said yet, the task itself asks when it starts. */
function forgetfulLog(
  { class: className, movesExternalCursor }: PluginInfo,
  promise: LogPromise | undefined,
): string | undefined {
  if (!movesExternalCursor || !promise || promise.durability === 'durable') return undefined;
  return `${className} releases at its source what it has read, so the record log has to acknowledge durably, and this one does not. ${promise.meaning}`;
}

function applyDefinition(
  { name, config, initialState }: Definition,
  { view, catalog, newUid, nowMs }: RequestContext,
): {
  outcome: 'created' | 'updated' | 'unchanged';
  mutation?: ConnectorMutation;
  record: ConnectorRecord;
} {
  const stored = { ...config, name };
  const { plugin } = chooseConnector(config, catalog);
  const type: ConnectorType =
    plugin?.type === 'source' || plugin?.type === 'sink' ? plugin.type : 'unknown';
  const any = view.connectors.get(name);
  if (!any || any.lifecycle === 'deleting') {
    const record: ConnectorRecord = {
      name,
      uid: newUid(),
      version: 1,
      config: stored,
      type,
      targetState: initialState ?? 'STARTED',
      lifecycle: 'live',
      // Goes on from a namesake that is still being deleted: its tasks are older than ours.
      taskEpoch: any?.taskEpoch ?? 0,
      taskCount: 0,
      taskVersion: 0,
      createdAtMs: nowMs,
    };
    return { outcome: 'created', record, mutation: { record, ...expectedOf(any) } };
  }
  if (sameConfig(any.config, stored)) return { outcome: 'unchanged', record: any };
  const record = { ...any, config: stored, type, version: any.version + 1 };
  return { outcome: 'updated', record, mutation: { record, ...expectedOf(any) } };
}

/** Results are kept for days; configurations, with what they may hold of secrets, are not in them. */
function appliedAs(
  outcome: AppliedConnector['outcome'],
  { config: _kept, ...record }: ConnectorRecord,
): AppliedConnector {
  return { name: record.name, outcome, record };
}

function expectedOf(record: ConnectorRecord | undefined): Pick<ConnectorMutation, 'expected'> {
  if (!record) return {};
  const { version, uid, targetState, lifecycle } = record;
  return { expected: { version, uid, targetState, lifecycle } };
}

function sameConfig(a: Definition['config'], b: Definition['config']): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
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

function decideDrain(worker: string, { view }: RequestContext): RequestDecision {
  const member = view.members.get(worker);
  if (!member || member.state === 'dead') {
    const known = [...view.members.values()].filter(({ state }) => state !== 'dead');
    return refusal(
      refused(
        404,
        'worker.unknown',
        `no worker "${worker}" is up; there are: ${known.map((m) => m.worker).join(', ') || 'none'}`,
      ),
    );
  }
  return {
    mutation: { ...nothing, drain: { worker, incarnation: member.incarnation } },
    result: { kind: 'done', connectors: [] },
    events: [{ type: 'worker.drain', message: `${worker} is to be drained`, facts: { worker } }],
  };
}

type Refusal = Extract<RequestResult, { kind: 'refused' }>;

function refused(status: number, code: string, message: string, errors?: string[]): Refusal {
  return { kind: 'refused', status, code, message, ...(errors ? { errors } : {}) };
}

function refusal(result: Refusal): RequestDecision {
  return { mutation: nothing, result, events: [] };
}

function notFound(name: string): Refusal {
  return refused(404, 'connector.unknown', `Connector ${name} not found`);
}

/** Not as `notFound`: so Kafka Connect words it for pause, resume and stop. */
function unknownConnector(name: string): Refusal {
  return refused(404, 'connector.unknown', `Unknown connector ${name}`);
}

/** Of another version of Sluice, or not JSON at all. */
function newerRequest({ op, protocol }: RequestBody, inUse: number): Refusal {
  const message = `the request "${op}" needs version ${protocol} of the protocol, and the cluster uses version ${inUse}: upgrade all coordinators and workers, then ask again`;
  return refused(409, 'request.newer_protocol', message);
}

function unknownRequest(body: { readonly op?: unknown }): Refusal {
  const message = `this coordinator does not know the request "${String(body.op)}": is it older than who asks?`;
  return refused(400, 'request.unknown', message);
}

function invalid(name: string, errors: string[]): Refusal {
  return refused(
    400,
    'connector.invalid',
    invalidConfigurationMessage(errors),
    errors.map((error) => `${name}: ${error}`),
  );
}

function unknownClass(name: string, className: string, catalog: PluginCatalog): Refusal {
  const broken = catalog.broken.map((plugin) => `${plugin.class} (${plugin.error})`);
  const hint = broken.length > 0 ? `; plugins that failed to load: ${broken.join('; ')}` : '';
  const message = `${unknownClassMessage(className, catalog.list())}${hint}`;
  return refused(400, 'plugin.unknown', message, [`${name}: ${message}`]);
}

function mergeRefusals(refusals: readonly Refusal[]): Refusal {
  const [first, ...others] = refusals;
  if (first && others.length === 0) return first;
  const errors = refusals.flatMap(({ errors: each, message }) => each ?? [message]);
  return refused(400, 'connector.invalid', errors.join('\n'), errors);
}
