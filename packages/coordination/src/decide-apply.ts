/** What a request to define connectors means: which definitions are refused, and why, and what the others change. Pure. */
import {
  type ConfigProblem,
  type ConnectorConfig,
  chooseConnectorVersion,
  unsupportedKeys,
  validateConnectorConfig,
} from '@sluice/connector-api';

import type { ClusterView } from './cluster-view.ts';
import { maskedKeys } from './masked-values.ts';
import type { ConnectorRecord, ConnectorType, PluginInfo } from './model.ts';
import type { PluginCatalog } from './plugin-catalog.ts';
import {
  connectorClasses,
  invalidConfigurationMessage,
  unknownClassMessage,
} from './refusal-texts.ts';
import {
  appliedAs,
  expectedOf,
  type LogPromise,
  liveRecord,
  notFound,
  nothing,
  type Refusal,
  type RequestContext,
  type RequestDecision,
  refusal,
  refused,
} from './request-decision.ts';
import type { AppliedConnector, ConnectorMutation, Definition, RequestBody } from './requests.ts';

/** Of one request: it is applied by one script, which keeps Redis from everything else meanwhile. */
const definitionsMax = 10_000;

export function decideApply(
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
  { catalog, checkConfig, exactlyOnce, logPromise }: RequestContext,
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
    ...unsupportedKeys(config, { exactlyOnce }),
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

function sameConfig(a: Definition['config'], b: Definition['config']): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
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
