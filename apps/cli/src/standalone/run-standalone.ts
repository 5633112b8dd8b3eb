/**
 * Kafka Connect's standalone mode: a coordinator and a worker in this process, and, unless a Redis is named, one
 * of its own. What coordinates here is the same as in a cluster, so nothing else is to be learnt.
 *
 * With Kafka the Redis keeps nothing: source offsets are in a topic, those of sinks in their groups, and the
 * connectors are those of the files. Without Kafka it is the log, and keeps all beside the file of offsets.
 *
 * Ends on the signal, when the cluster refuses us, or when our Redis is gone; the worker stops first, so that what
 * was read is written and committed.
 */
import { hasAccessFiles } from '@sluice/access';
import type { Definition } from '@sluice/coordination';
import {
  type Environment,
  LogLevels,
  leveledLogger,
  type Service,
  type SluiceError,
  stopAll,
} from '@sluice/kernel';
import { pino } from 'pino';

import { CliError, exitCodes } from '../exit-codes.ts';
import type { OpenSession } from '../session.ts';
import { applyDefinitions } from './apply-definitions.ts';
import { PrivateRedis } from './private-redis.ts';
import { inWordsOfFile } from './words-of-file.ts';
import type { StandaloneSettings } from './worker-properties.ts';

export interface StandaloneOptions {
  readonly settings: StandaloneSettings;
  readonly definitions: readonly Definition[];
  /** Of the process; what the file says is stronger. */
  readonly env: Environment;
  /** Undefined: a Redis of its own. */
  readonly redisUrl: string | undefined;
  readonly cluster: string;
  readonly insecure: boolean;
  readonly open: OpenSession;
  readonly signal: AbortSignal;
}

const name = 'standalone';

/** Resolves when it has been stopped in order. @throws CliError when it ends otherwise. */
export async function runStandalone(options: StandaloneOptions): Promise<void> {
  const { settings, cluster, insecure, signal } = options;
  const running: Service[] = [];
  const over = Promise.withResolvers<CliError | undefined>();
  const onAbort = (): void => over.resolve(undefined);
  signal.addEventListener('abort', onAbort, { once: true });
  let onHangup = (): void => undefined;
  try {
    const env = environmentOf(options);
    const redisUrl = options.redisUrl ?? (await startPrivateRedis(options, running, over));
    const parts = await startParts(
      {
        SLUICE_WORKER_PORT: '0',
        ...env,
        REDIS_URL: redisUrl,
        SLUICE_CLUSTER: cluster,
        SLUICE_COORDINATOR_NAME: name,
        SLUICE_WORKER_NAME: name,
      },
      {
        insecure,
        remembersDefinitions: options.redisUrl !== undefined,
        running,
        onRefused: (error) => over.resolve(new CliError(exitCodes.invalid, error.message)),
      },
    ).catch((error: unknown) => {
      throw inWordsOfFile(error, settings.keys);
    });
    onHangup = parts.reload;
    // Otherwise it ends the process, as it does when a terminal is closed.
    if (parts.hasAccessFiles) process.on('SIGHUP', onHangup);
    for (const note of settings.notes) parts.logger.warn({}, note);
    const isStopping = over.promise.then(() => 'over' as const);
    const profile = env['SLUICE_PROFILE']?.trim() || 'default';
    const applied = applyDefinitions(
      { io: { env }, open: options.open },
      { redisUrl, cluster, profile, json: false },
      { ...options, offsetFile: settings.offsetFile, logger: parts.logger },
    );
    // A start that is interrupted fails in a way that is of no interest then.
    applied.catch(() => undefined);
    if ((await Promise.race([applied, isStopping])) !== 'over') {
      const connectors = options.definitions.map((each) => each.name);
      parts.logger.info({ port: parts.port, connectors }, 'standalone ready');
    }
    const failure = await over.promise;
    parts.logger.info({}, 'stopping');
    if (failure) throw failure;
  } finally {
    signal.removeEventListener('abort', onAbort);
    process.off('SIGHUP', onHangup);
    await stopAll(running);
  }
}

/** What the file says is stronger. */
function environmentOf({ env, settings }: StandaloneOptions): Environment {
  const { SLUICE_HOST: _host, SLUICE_PORT: _port, ...others } = env;
  const hasListeners = settings.env['SLUICE_LISTENERS'] !== undefined;
  return { ...(hasListeners ? others : env), ...settings.env };
}

async function startPrivateRedis(
  { env, settings }: StandaloneOptions,
  running: Service[],
  over: PromiseWithResolvers<CliError | undefined>,
): Promise<string> {
  const usesKafka = (settings.env['KAFKA_BROKERS'] ?? env['KAFKA_BROKERS'] ?? '').trim() !== '';
  const { offsetFile } = settings;
  if (!usesKafka && offsetFile === undefined) {
    throw new CliError(
      exitCodes.invalid,
      'the worker file has neither bootstrap.servers nor offset.storage.file.filename: name brokers of Kafka, ' +
        'or a file beside which records and offsets are kept',
    );
  }
  const redis = new PrivateRedis({ env, folder: usesKafka ? undefined : `${offsetFile}.sluice` });
  await redis.start();
  running.push(redis);
  void redis.ended.then(() =>
    over.resolve(
      new CliError(exitCodes.unreachable, `its redis-server has ended:\n${redis.output}`),
    ),
  );
  return redis.url;
}

interface StartedParts {
  readonly logger: ReturnType<typeof leveledLogger>;
  /** Of the REST API. */
  readonly port: number;
  readonly hasAccessFiles: boolean;
  /** Reads callers and certificates again. */
  readonly reload: () => void;
}

/** What is started is added to `running` in the order of its start. */
async function startParts(
  env: Environment,
  options: {
    readonly insecure: boolean;
    readonly remembersDefinitions: boolean;
    readonly running: Service[];
    readonly onRefused: (error: SluiceError) => void;
  },
): Promise<StartedParts> {
  const { insecure, remembersDefinitions, running, onRefused } = options;
  const [coordinators, workers] = await Promise.all([
    import('@sluice/coordinator'),
    import('@sluice/worker'),
  ]);
  const coordinatorSettings = coordinators.readSettings(env, { insecure });
  // Its health and metrics need not be reached from elsewhere.
  const workerSettings = workers.readSettings({ ...env, SLUICE_HOST: '127.0.0.1' }, { insecure });
  const levels = new LogLevels(coordinatorSettings.logLevel, coordinators.loggerNames);
  const written = pino({ level: 'debug', base: { pid: process.pid } });
  const logger = leveledLogger(written, levels, 'sluice.coordinator');
  const coordinator = await coordinators.createCoordinator(coordinatorSettings, {
    logger,
    levels,
    onRefused,
    remembersDefinitions,
  });
  const worker = new workers.Worker(workerSettings, written, { levels, onRefused });
  // Before their starts: one that fails half-way, or is never started, has connections to close as well.
  running.push(coordinator, worker);
  await coordinator.start();
  await worker.start();
  return {
    logger,
    port: coordinator.port,
    hasAccessFiles: [coordinatorSettings, workerSettings].some(({ access }) =>
      hasAccessFiles(access),
    ),
    reload: () => {
      void coordinator.reload();
      void worker.reload();
    },
  };
}
