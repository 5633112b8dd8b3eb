/**
 * The REST API: a thin translation between HTTP and the cluster's client. It holds no state; every replica
 * answers every request, from the store.
 */
import type {
  AuditTrail,
  ClusterClient,
  EventHistory,
  LogLines,
  SessionStore,
} from '@sluice/coordination';
import { type Clock, type Logger, LogLevels, systemClock } from '@sluice/kernel';
import type { FastifyInstance } from 'fastify';

import { auditChanges } from './audit.ts';
import { ClusterAccess } from './cluster-access.ts';
import { CodeValidator, type RunValidations } from './code-validation.ts';
import type { ConfigParts } from './config-infos.ts';
import { DashboardFiles } from './dashboard/dashboard-files.ts';
import { registerDashboard, sendBrowsersHome } from './dashboard/dashboard-routes.ts';
import type { DeadLetters } from './dead-letters.ts';
import { answerBrokenRequest, handleErrors, sendError } from './error-handling.ts';
import { createHttpServer, type ServerLimits } from './http-server.ts';
import { LiveFeed } from './live/live-feed.ts';
import type { AskConnector, OffsetStore } from './offset-store.ts';
import { bodyBytesMax, parseBodies } from './request-body.ts';
import { keepOrder } from './request-order.ts';
import { registerConnectorActions } from './routes/connector-actions.ts';
import { registerConnectorConfigs } from './routes/connector-configs.ts';
import { registerConnectorOffsets } from './routes/connector-offsets.ts';
import { registerConnectorStatus } from './routes/connector-status.ts';
import { registerConnectorTopics, type TopicTracking } from './routes/connector-topics.ts';
import { registerConnectors } from './routes/connectors.ts';
import { type HealthChecks, registerHealth } from './routes/health.ts';
import { registerLoggers } from './routes/loggers.ts';
import { registerOpenApi } from './routes/openapi.ts';
import { registerPlugins } from './routes/plugins.ts';
import { registerServer, type ServerInfo } from './routes/server.ts';
import { registerSluiceApply } from './routes/sluice-apply.ts';
import { registerSluiceAudit } from './routes/sluice-audit.ts';
import { registerSluiceDeadLetters } from './routes/sluice-dead-letters.ts';
import { registerSluiceErrors } from './routes/sluice-errors.ts';
import { registerSluiceEvents } from './routes/sluice-events.ts';
import { registerSluiceLag } from './routes/sluice-lag.ts';
import { registerSluiceLeader } from './routes/sluice-leader.ts';
import { type LiveOptions, registerSluiceLive } from './routes/sluice-live.ts';
import { registerSluiceLogs } from './routes/sluice-logs.ts';
import {
  type PlanningOptions,
  planningDefaults,
  registerSluicePlan,
} from './routes/sluice-plan.ts';
import { type Preview, registerSluicePreview } from './routes/sluice-preview.ts';
import { registerSluiceRecords } from './routes/sluice-records.ts';
import { registerSluiceSession } from './routes/sluice-session.ts';
import { registerSluiceTasks } from './routes/sluice-tasks.ts';
import { registerSluiceWorkers } from './routes/sluice-workers.ts';
import { type SecurityOptions, secure } from './security.ts';
import { Sessions } from './sessions.ts';
import type { TopicRecords } from './topic-records.ts';

export interface ApiOptions extends SecurityOptions, ServerLimits {
  readonly client: ClusterClient;
  readonly info: ServerInfo;
  readonly logger: Logger;
  /** Where changes are kept for people. */
  readonly audit: AuditTrail;
  /** Where the offsets of connectors are. */
  readonly offsets: OffsetStore;
  /** Of this process's loggers. */
  readonly levels?: LogLevels;
  /** What there is besides the connectors that workers announce; by default nothing. */
  readonly parts?: ConfigParts;
  /** By default tracked, and may be reset. */
  readonly topicTracking?: TopicTracking;
  /** What has to work for this process to be ready; by default that the client reaches its store. */
  readonly health?: HealthChecks;
  /** More keys of `/health`: what is worth knowing, but says nothing about being ready. */
  readonly healthDetails?: () => Readonly<Record<string, unknown>>;
  /** Runs a source for a look at its records; default: previews are refused. */
  readonly preview?: Preview;
  /** What dashboards are shown, one feed for all servers of a process; default: one of its own, without loads. */
  readonly live?: LiveOptions;
  /** Steps of units, and all that happened; default: only the newest events of the cluster. */
  readonly history?: EventHistory;
  /** In the record log; default: there are none. */
  readonly deadLetters?: DeadLetters;
  /** In the record log; default: none are shown. */
  readonly topicRecords?: TopicRecords;
  /** What workers wrote; default: nothing. */
  readonly logLines?: Pick<LogLines, 'read'>;
  /** How the leader plans. */
  readonly planning?: Pick<PlanningOptions, 'movement' | 'halfLifeMs'>;
  /** Of browsers; default: nobody can sign in with one. */
  readonly sessions?: SessionStore;
  /** Where the built files of the dashboard are. Undefined: it is not built. Default: there is no `/ui`. */
  readonly dashboard?: { readonly directory: string | undefined };
  /** Whether `/admin` is here; default true. Else see `buildAdminApi`. */
  readonly hasAdmin?: boolean;
  /** Runs what plugins check with code; default: definitions are checked as plain data. */
  readonly runValidations?: RunValidations;
  /** Absent: a connector that wants to be asked about its offsets keeps them. */
  readonly askConnector?: AskConnector;
  readonly clock?: Clock;
  /** For each request, waiting for a leader included; default 10 s. */
  readonly requestTimeoutMs?: number;
}

/** Names have no limit in Kafka Connect; percent-encoded they are up to nine times as long. */
const pathPartCharactersMax = 16_384;

const noParts: ConfigParts = { builtIn: [], keys: () => [], problems: () => [] };

/**
 * @example
 * const api = buildApi({ client, info, logger });
 * await api.register(boardPlugin({ … }));
 * await api.listen({ host: '127.0.0.1', port: 8083 });
 */
export function buildApi(options: ApiOptions): FastifyInstance {
  const { client, info, clock = systemClock } = options;
  const sessions = sessionsOf(options, clock);
  const app = guardedServer(options, sessions);
  const cluster = clusterAccess(options);
  // First: it notes what is registered after it.
  registerOpenApi(app, info);
  registerServer(app, info);
  if (options.dashboard) registerDashboard(app, new DashboardFiles(options.dashboard.directory));
  registerHealth(app, {
    checks: options.health ?? { redis: () => client.ping() },
    details: options.healthDetails ?? (() => ({})),
    clock,
  });
  const parts = options.parts ?? noParts;
  const validator = new CodeValidator({
    run: options.runValidations,
    parts,
    plugins: (className) => cluster.plugins(className),
  });
  const checks = { parts, validator };
  registerConnectors(app, cluster, checks);
  registerConnectorConfigs(app, cluster, checks);
  registerConnectorStatus(app, cluster, parts);
  registerConnectorActions(app, cluster);
  registerConnectorOffsets(app, cluster, options);
  registerConnectorTopics(
    app,
    cluster,
    options.topicTracking ?? { isEnabled: true, allowsReset: true },
  );
  registerPlugins(app, cluster, checks);
  if (options.hasAdmin ?? true) registerAdmin(app, cluster, options);
  registerSluiceWorkers(app, cluster);
  registerSluiceLeader(app, cluster);
  registerSluiceTasks(app, cluster);
  registerSluiceEvents(app, cluster, options.history);
  registerSluiceErrors(app, cluster);
  registerSluiceDeadLetters(app, cluster, options.deadLetters);
  registerSluiceRecords(app, cluster, options.topicRecords);
  registerSluiceLag(app, cluster, options.offsets);
  registerSluiceLogs(app, cluster, options.logLines);
  const { builtIn } = parts;
  registerSluicePlan(app, cluster, { ...planningDefaults, builtIn, ...options.planning, clock });
  registerSluiceApply(app, cluster, checks);
  registerSluiceAudit(app, cluster, options.audit);
  registerSluicePreview(app, cluster, { parts, preview: options.preview });
  registerSluiceSession(app, { authenticator: options.authenticator, sessions, info });
  registerSluiceLive(app, options.live ?? ownFeed(options, clock), clock);
  return app;
}

function sessionsOf(
  { authenticator, sessions: store, info }: ApiOptions,
  clock: Clock,
): Sessions | undefined {
  if (!authenticator || !store) return undefined;
  return new Sessions({ store, authenticator, cluster: info.clusterId, clock });
}

function ownFeed({ client, info }: ApiOptions, clock: Clock): LiveOptions {
  const names = { cluster: info.clusterId, version: info.version };
  return { feed: new LiveFeed({ client, clock, names }) };
}

/** `/admin` alone, for a listener of its own, as Kafka Connect's `admin.listeners`. */
export function buildAdminApi(options: ApiOptions): FastifyInstance {
  const app = guardedServer(options, sessionsOf(options, options.clock ?? systemClock));
  registerAdmin(app, clusterAccess(options), options);
  return app;
}

function registerAdmin(app: FastifyInstance, cluster: ClusterAccess, options: ApiOptions): void {
  const { levels = new LogLevels('info', []), clock = systemClock } = options;
  registerLoggers(app, cluster, { levels, clock });
}

function clusterAccess({
  client,
  clock = systemClock,
  requestTimeoutMs = 10_000,
}: ApiOptions): ClusterAccess {
  return new ClusterAccess({ client, clock, requestTimeoutMs });
}

/**
 * Browsers and curl make another address of `/connectors/..`, however it is encoded, before they ask for it:
 * `/sluice/connectors/=..` stands for it, and `=.` for a connector that is called by one dot.
 */
function withDottedName(url: string): string {
  return url.replace(/^\/sluice\/connectors\/=(?=\.{1,2}(?:[/?]|$))/, '/connectors/');
}

/** What all requests have to pass, and how errors are answered; without routes. */
function guardedServer(options: ApiOptions, sessions: Sessions | undefined): FastifyInstance {
  const { logger } = options;
  const app = createHttpServer(options, {
    bodyLimit: bodyBytesMax,
    forceCloseConnections: 'idle',
    rewriteUrl: ({ url = '/' }) => withDottedName(url),
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: pathPartCharactersMax },
    frameworkErrors: (error, request, reply) => {
      void sendError(error, request, reply, logger);
    },
    clientErrorHandler: (error, socket) => answerBrokenRequest(error, socket),
  });
  keepOrder(app);
  if (options.dashboard) sendBrowsersHome(app);
  secure(app, { ...options, sessions }, logger);
  auditChanges(app, options.audit, logger);
  parseBodies(app);
  handleErrors(app, logger);
  return app;
}
