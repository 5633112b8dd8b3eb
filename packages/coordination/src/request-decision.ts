/** What a decision on a request is, what it is made on, and what all kinds of them share. Pure. */
import type { ConfigProblem, ConnectorConfig } from '@sluice/connector-api';

import type { ClusterView } from './cluster-view.ts';
import type { ConnectorRecord, NewEvent, PluginInfo } from './model.ts';
import type { PluginCatalog } from './plugin-catalog.ts';
import type { AppliedConnector, ConnectorMutation, Mutation, RequestResult } from './requests.ts';

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
  /** Whether workers write records and offsets of sources together. */
  readonly exactlyOnce?: boolean | undefined;
  /** Redis server time as far as known; for `createdAtMs` only. */
  readonly nowMs: number;
}

export type Refusal = Extract<RequestResult, { kind: 'refused' }>;

export const nothing: Mutation = { connectors: [], restart: [] };

export function refused(status: number, code: string, message: string, errors?: string[]): Refusal {
  return { kind: 'refused', status, code, message, ...(errors ? { errors } : {}) };
}

export function refusal(result: Refusal): RequestDecision {
  return { mutation: nothing, result, events: [] };
}

export function notFound(name: string): Refusal {
  return refused(404, 'connector.unknown', `Connector ${name} not found`);
}

/** Live record of a connector; one being deleted does not exist any more for a user. */
export function liveRecord(view: ClusterView, name: string): ConnectorRecord | undefined {
  const record = view.connectors.get(name);
  return record?.lifecycle === 'live' ? record : undefined;
}

/** Results are kept for days; configurations, with what they may hold of secrets, are not in them. */
export function appliedAs(
  outcome: AppliedConnector['outcome'],
  { config: _kept, ...record }: ConnectorRecord,
): AppliedConnector {
  return { name: record.name, outcome, record };
}

export function expectedOf(
  record: ConnectorRecord | undefined,
): Pick<ConnectorMutation, 'expected'> {
  if (!record) return {};
  const { version, uid, targetState, lifecycle } = record;
  return { expected: { version, uid, targetState, lifecycle } };
}
