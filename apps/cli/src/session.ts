/**
 * A connection to the cluster for the length of one command. Reads load nothing but the driver; BullMQ,
 * which wakes the leader, is loaded beside connecting and only by commands that write. Its absence would
 * cost a tick of the leader and nothing else, so its failures are not the user's.
 */
import {
  type AuditEntry,
  type AuditTrail,
  askAsOperator,
  auditedClient,
  type ClusterClient,
  type ClusterClientOptions,
  createClusterClient,
  type LeaderWaker,
  type LoadReports,
  type LoggerLevel,
  timingProfile,
} from '@sluice/coordination';
import {
  connectCoordinationRedis,
  RedisAuditTrail,
  RedisCoordinationStore,
  RedisLoadReports,
  RedisOperatorInbox,
} from '@sluice/coordination-redis';
import {
  assertNever,
  hasCode,
  SluiceError,
  silentLogger,
  systemClock,
  tlsProblem,
  withoutPasswords,
} from '@sluice/kernel';
import type { Redis } from 'ioredis';

import { auditCaller } from './audit-caller.ts';
import type { GlobalOptions } from './options.ts';

export type NotedChange = Pick<AuditEntry, 'action' | 'targets' | 'detail'> & {
  readonly outcome?: 'done' | 'failed';
};

export interface Session {
  /** Its changes are kept in the audit trail. */
  readonly client: ClusterClient;
  readonly audit: AuditTrail;
  /** What workers tell of themselves. */
  readonly loads: Pick<LoadReports, 'readAll'>;
  /** Keeps a change that did not go through the client, if it can be kept. */
  note(what: NotedChange): Promise<void>;
  /** Those that were set for the whole cluster. */
  loggerLevels(): Promise<ReadonlyMap<string, LoggerLevel>>;
  /** Redis' time, which all stored times are in. */
  nowMs(): Promise<number>;
  close(): Promise<void>;
}

export type OpenSession = (options: GlobalOptions, purpose: 'read' | 'write') => Promise<Session>;

const connectLimitMs = 3_000;

export const openRedisSession: OpenSession = async (options, purpose) => {
  const profile = timingProfile(options.profile);
  const waker = purpose === 'write' ? bullWaker(options) : { ...noWaker };
  const redis = connectCoordinationRedis(options.redisUrl, {
    role: 'coordination',
    cluster: options.cluster,
  });
  try {
    await connected(redis, options.redisUrl);
    const store = new RedisCoordinationStore({ redis, cluster: options.cluster });
    const audit = new RedisAuditTrail({ redis, cluster: options.cluster });
    const common = { store, waker, clock: systemClock, profile };
    return {
      client:
        purpose === 'write'
          ? await changingClient(common, { redis, audit, options })
          : createClusterClient({ ...common, ask: askForDryRun(store) }),
      audit,
      loads: new RedisLoadReports({ redis, cluster: options.cluster }),
      note: async (what) => {
        const caller = await auditCaller(redis);
        const entry = { ...caller, outcome: 'done', ...what, status: null } as const;
        await audit.append(entry).catch(lostEntry);
      },
      loggerLevels: () => store.loggerLevels(),
      nowMs: async () => {
        const [seconds, microseconds] = await redis.time();
        return Number(seconds) * 1_000 + Math.floor(Number(microseconds) / 1_000);
      },
      close: async () => {
        redis.disconnect();
        await waker.close();
      },
    };
  } catch (error) {
    redis.disconnect();
    await waker.close();
    throw error;
  }
};

/** By the role that Redis gives to its user. @throws SluiceError `store.denied` for one that may only read. */
async function changingClient(
  common: ClusterClientOptions,
  { redis, audit, options }: { redis: Redis; audit: AuditTrail; options: GlobalOptions },
): Promise<ClusterClient> {
  const { cluster, redisUrl } = options;
  const inbox = new RedisOperatorInbox({ redis, cluster });
  const [role, caller] = await Promise.all([inbox.roleOfUser(), auditCaller(redis)]);
  switch (role) {
    case 'admin':
      return auditedClient(createClusterClient(common), {
        trail: audit,
        caller,
        onLost: lostEntry,
      });
    case 'operator':
      // What an operator asks for is audited by the coordinator that takes it.
      return createClusterClient({ ...common, ask: askAsOperator(inbox, caller) });
    case 'viewer':
      throw new SluiceError(
        'store.denied',
        `the user of Redis at ${withoutPasswords(redisUrl)} may only look at cluster ${cluster}: ` +
          'name a user with the role operator or admin in --redis or REDIS_URL',
      );
    default:
      return assertNever(role);
  }
}

/** Commands that change nothing may still ask the leader what it would do, which is to add a request. */
function askForDryRun(store: RedisCoordinationStore): NonNullable<ClusterClientOptions['ask']> {
  return async (id, body) => {
    try {
      await store.submit(id, body);
      return id;
    } catch (error) {
      if (!hasCode(error, 'store.denied')) throw error;
      throw new SluiceError(
        'store.denied',
        'a dry run asks the leader, for which this user of Redis has to be an admin: ' +
          'sluice plan and sluice diff tell without it what would change',
        { cause: error },
      );
    }
  };
}

/** A Redis user may have rights to less: the change itself has worked, or told why not. */
function lostEntry(): void {}

interface ClosableWaker extends LeaderWaker {
  close(): Promise<void>;
}

const noWaker: ClosableWaker = { wake: async () => {}, close: async () => {} };

function bullWaker({ redisUrl, cluster }: GlobalOptions): ClosableWaker {
  const loading = (async () => {
    const { LeaderWakeQueue, QueueRegistry } = await import('@sluice/dispatch-bullmq');
    const queues = new QueueRegistry({ redis: redisUrl, cluster, logger: silentLogger });
    const queue = new LeaderWakeQueue({ queues, logger: silentLogger });
    return { queues, queue, started: queues.start() };
  })();
  // Looked at when it is needed; until then a failure is not an unhandled one.
  loading.catch(() => {});
  return {
    wake: async (reason, requestId) => {
      try {
        const { queue, started } = await loading;
        await started;
        await queue.wake(reason, requestId);
      } catch {
        // The request is stored: the leader finds it with its next tick.
      }
    },
    close: async () => {
      const loaded = await loading.catch(() => undefined);
      // Not waiting for the start: without Redis that takes its time.
      await loaded?.queues.stop();
    },
  };
}

const closedAtOnce =
  'what listens there closes the connection at once: is it Redis, and rediss:// if it wants TLS';

/** Unlike a server process, a command does not wait for a Redis that refuses connections now. */
async function connected(redis: Redis, url: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(
    () => reject(unreachable(url, `no answer within ${connectLimitMs / 1_000} s`)),
    connectLimitMs,
  );
  redis.once('ready', resolve);
  redis.on('error', (error) => reject(explain(error, url)));
  redis.on('close', () => reject(unreachable(url, closedAtOnce)));
  try {
    await promise;
  } finally {
    clearTimeout(timer);
  }
}

function explain(error: Error, url: string): SluiceError {
  const where = withoutPasswords(url);
  if (/NOAUTH|WRONGPASS|NOPERM|invalid password/i.test(error.message)) {
    return new SluiceError(
      'store.denied',
      `Redis at ${where} refuses us (${error.message}): give user and password in --redis or REDIS_URL`,
      { cause: error },
    );
  }
  if (/Unknown RESP|Protocol error|Parser|reply type/i.test(`${error.name} ${error.message}`)) {
    return unreachable(url, 'something answers there that is not Redis', error);
  }
  const reasons: Readonly<Record<string, string>> = {
    ECONNREFUSED: 'nothing listens there',
    ENOTFOUND: 'there is no such host',
    EAI_AGAIN: 'the name of the host cannot be looked up',
    EPIPE: closedAtOnce,
    ECONNRESET: closedAtOnce,
  };
  const problem = tlsProblem(error, url.startsWith('rediss:'));
  if (problem !== undefined) {
    return new SluiceError('store.unreachable', `cannot connect to Redis at ${where}: ${problem}`, {
      retriable: true,
      cause: error,
    });
  }
  const code = Object.keys(reasons).find((each) => hasCode(error, each));
  return unreachable(url, code ? `${reasons[code]} (${code})` : error.message, error);
}

function unreachable(url: string, why: string, cause?: unknown): SluiceError {
  return new SluiceError(
    'store.unreachable',
    `cannot reach Redis at ${withoutPasswords(url)}: ${why}; ` +
      'start it, or name another with --redis or REDIS_URL',
    { retriable: true, cause },
  );
}
