/**
 * The REST API within this process, for the length of one command: the rules of offsets, plugins and validation are
 * written once, and hold here as well. It works on Redis and the record log, so no coordinator has to be up for
 * what needs none.
 */
import type { ClusterClient, PluginInfo } from '@sluice/coordination';
import { parseExactJson, silentLogger, stringifyExactJson } from '@sluice/kernel';
import type { RunValidations } from '@sluice/rest-api';

import { CliError, exitCodes } from './exit-codes.ts';
import type { Io } from './io.ts';
import { logSettingsOf } from './log-session.ts';
import type { GlobalOptions } from './options.ts';
import type { OpenSession, Session } from './session.ts';

/** As SLUICE_VALIDATION_TIMEOUT_MS of coordinators. */
const askLimitMs = 5_000;

export interface ApiContext {
  readonly io: Pick<Io, 'env'>;
  readonly open: OpenSession;
}

export interface LocalApi {
  /** What it answers; whole numbers beyond 2^53 are BigInts. @throws CliError with what it says is wrong. */
  request(
    method: 'GET' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    body?: unknown,
  ): Promise<unknown>;
}

/** What this machine adds to the cluster's. */
export interface LocalParts {
  /** Beside those that workers have announced. */
  readonly plugins: readonly PluginInfo[];
  /** What the code of plugins checks. */
  readonly runValidations: RunValidations;
}

/** `purpose`: `write` for whatever changes something, which is then kept in the audit trail. */
export async function withApi<Result>(
  { open, io }: ApiContext,
  global: GlobalOptions,
  purpose: 'read' | 'write',
  action: (api: LocalApi, session: Session) => Promise<Result>,
  local?: LocalParts,
): Promise<Result> {
  // Loaded here, since most commands need none of it.
  const [
    { buildApi },
    { configParts },
    { OffsetChanges, RecordsOfTopics },
    { LateLog, openLog },
    { ConnectorOffsets },
  ] = await Promise.all([
    import('@sluice/rest-api'),
    import('@sluice/config-parts'),
    import('@sluice/coordinator'),
    import('@sluice/log-choice'),
    import('@sluice/runtime/offsets'),
  ]);
  const { cluster } = global;
  const settings = await logSettingsOf(io, global);
  const session = await open(global, purpose);
  // Connects when it is first asked for.
  const log = new LateLog(await openLog(settings, { cluster, clientId: 'cli' }));
  const here = await codeHere(io.env, global);
  const offsetChanges = new OffsetChanges({ ...here, timeoutMs: askLimitMs });
  const topicRecords = new RecordsOfTopics({ ...here, plugins: here.ofConverters, log });
  const app = buildApi({
    client: local ? withPlugins(session.client, local.plugins) : session.client,
    ...(local && { runValidations: local.runValidations }),
    info: { version: '', commit: '', clusterId: cluster },
    logger: silentLogger,
    offsets: new ConnectorOffsets({ log, cluster }),
    // The session's client has kept it already, with who runs this.
    audit: { append: async () => {}, read: (query) => session.audit.read(query) },
    parts: configParts,
    askConnector: (change) => offsetChanges.ask(change),
    topicRecords,
  });
  const request: LocalApi['request'] = async (method, url, body) => {
    const { statusCode, payload } = await app.inject({
      method,
      url,
      ...(body !== undefined && {
        payload: stringifyExactJson(body),
        headers: { 'content-type': 'application/json' },
      }),
    });
    const answer = payload === '' ? undefined : parseExactJson(payload);
    if (statusCode < 400) return answer;
    throw new CliError(exitCodeOf(statusCode), inWords(messageOf(answer)));
  };
  try {
    return await action({ request }, session);
  } finally {
    offsetChanges.stop();
    topicRecords.stop();
    await app.close();
    log.destroy();
    await session.close();
  }
}

function withPlugins(client: ClusterClient, plugins: readonly PluginInfo[]): ClusterClient {
  return {
    ...client,
    snapshot: async () => {
      const snapshot = await client.snapshot();
      return { ...snapshot, plugins: [...snapshot.plugins, ...plugins] };
    },
  };
}

/** For code of connectors and of converters, as a worker with this environment has it. */
async function codeHere(env: Io['env'], global: GlobalOptions) {
  const [{ pluginEnvironment }, { workerSettings }] = await Promise.all([
    import('@sluice/config-providers'),
    import('./worker-settings.ts'),
  ]);
  // Scans modules, which few commands need.
  const scanned = async (withConnectors: boolean) => {
    const [{ builtInConnectors }, { localPlugins, pluginPlaces }] = await Promise.all([
      import('@sluice/built-in'),
      import('./local-plugins.ts'),
    ]);
    const comesAlong = withConnectors ? builtInConnectors() : [];
    const inventory = await localPlugins(pluginPlaces({}, env), comesAlong);
    return { ...inventory, isComplete: true };
  };
  const environment = pluginEnvironment(env);
  return {
    ...workerSettings(env, global),
    plugins: { environment, inventory: () => scanned(true) },
    /** Converters that come with every worker are known without a look. */
    ofConverters: { environment, inventory: () => scanned(false) },
  };
}

function exitCodeOf(status: number): number {
  if (status === 404) return exitCodes.notFound;
  if (status === 503) return exitCodes.unreachable;
  return status < 500 ? exitCodes.invalid : exitCodes.unexpected;
}

function messageOf(answer: unknown): string {
  const isError = typeof answer === 'object' && answer !== null && 'message' in answer;
  return isError ? String(answer.message) : 'the request failed';
}

/** What a client of the API is told to do, as somebody at a terminal does it. */
function inWords(message: string): string {
  return message.replace(
    /This can be done for the specified connector by issuing a 'PUT' request to the '\/connectors\/(.*)\/stop' endpoint/,
    'Do so with: sluice stop $1 --wait',
  );
}
