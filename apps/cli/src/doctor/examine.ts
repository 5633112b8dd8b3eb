/** Gathers what the doctor judges. Nothing is written, every wait has a limit, and what fails is a finding. */

import {
  type ClusterSnapshot,
  createClusterClient,
  timingProfile,
  type WorkerView,
} from '@sluice/coordination';
import {
  connectCoordinationRedis,
  RedisCoordinationStore,
  RedisOperatorInbox,
  untilReady,
} from '@sluice/coordination-redis';
import { hasCode, silentLogger, systemClock, toError } from '@sluice/kernel';
import { type LogHealth, LogProbe, type LogSettings, openLog } from '@sluice/log-choice';
import type { Redis } from 'ioredis';

import type { GlobalOptions } from '../options.ts';
import type { ProcessRequests } from '../process-requests.ts';
import { type Finding, fail, ok, warn } from './finding.ts';
import { type ClockFact, judgeClocks } from './judge-clocks.ts';
import { judgeCluster } from './judge-cluster.ts';
import { type InternalTopic, judgeLog, judgeServer, judgeTopic } from './judge-log.ts';
import { judgeRedis, type RedisFacts, type Role } from './judge-redis.ts';

const connectLimitMs = 5_000;
const logLimitMs = 12_000;
const lookPauseMs = 50;
const answerLimitMs = 2_000;
const pings = 20;

export async function examine(
  global: GlobalOptions,
  log: LogSettings,
  requests: ProcessRequests,
): Promise<Finding[]> {
  const [{ role, findings }, { health, topics }] = await Promise.all([
    examineRedis(global, log, requests),
    examineLog(global, log),
  ]);
  const isWithheld = role !== undefined && role !== 'admin' && isLogOf(log, global);
  return [...findings, ...judgeLog(health, { isWithheld }), ...topics].toSorted(
    (a, b) => areas.indexOf(a.area) - areas.indexOf(b.area),
  );
}

const areas: readonly Finding['area'][] = [
  'redis',
  'log',
  'cluster',
  'plugins',
  'clocks',
  'versions',
];

/** Whether we come to the log as the user that we coordinate as. */
function isLogOf(log: LogSettings, { redisUrl }: GlobalOptions): boolean {
  return log.kind === 'redis' && log.redis.url === redisUrl;
}

async function examineRedis(
  global: GlobalOptions,
  log: LogSettings,
  requests: ProcessRequests,
): Promise<{ readonly findings: Finding[]; readonly role?: Role | undefined }> {
  const { redisUrl, cluster } = global;
  const redis = connectCoordinationRedis(redisUrl, { role: 'coordination', cluster });
  try {
    await untilReady(redis, connectLimitMs);
    const facts = await redisFacts(redis, global, log);
    const store = new RedisCoordinationStore({ redis, cluster });
    const client = createClusterClient({
      store,
      waker: { wake: async () => {} },
      clock: systemClock,
      profile: timingProfile(global.profile),
    });
    const snapshot = await client.snapshot();
    const clocks = await clocksOf(redis, snapshot, requests);
    const { role } = facts;
    return {
      findings: [...judgeRedis(facts), ...judgeCluster(snapshot, log.kind), ...judgeClocks(clocks)],
      role,
    };
  } catch (error) {
    const isOther = toError(error).message.startsWith('this program');
    const finding = isOther
      ? fail('versions', toError(error).message, 'install the release that the workers run')
      : fail('redis', toError(error).message, 'start it, or mend REDIS_URL, --redis');
    return { findings: [finding] };
  } finally {
    redis.disconnect();
  }
}

async function redisFacts(
  redis: Redis,
  global: GlobalOptions,
  log: LogSettings,
): Promise<RedisFacts> {
  const { redisUrl, cluster } = global;
  const answersMs: number[] = [];
  for (let n = 0; n < pings; n += 1) {
    const startedAtMs = systemClock.monotonicMs();
    await redis.ping();
    answersMs.push(systemClock.monotonicMs() - startedAtMs);
  }
  const [info, user, role] = await Promise.all([
    redis.info().then(infoOf, ifDenied),
    redis.call('ACL', 'WHOAMI').then(String, ifDenied),
    new RedisOperatorInbox({ redis, cluster }).roleOfUser().catch(ifRefused),
  ]);
  return {
    info,
    user,
    role,
    denied: await deniedTo(redis, cluster, role),
    answersMs: answersMs.sort((a, b) => a - b),
    hasPassword: /^rediss?(\+\w+)?:\/\/[^/@]*:[^/@]+@/.test(redisUrl),
    isLoopback: /\/\/([^/@]*@)?(127\.|localhost|\[::1\])/.test(redisUrl),
    isLog: isLogOf(log, global),
  };
}

/** Tries commands of each kind that are needed, on a key that does not exist: they find nothing to change. */
async function deniedTo(redis: Redis, cluster: string, role: Role | undefined): Promise<string[]> {
  const key = `{sluice:${cluster}}:doctor`;
  const script = "return redis.call('del', KEYS[1])";
  const looks: readonly Tried[] = [
    ['exists', key],
    ['hgetall', key],
    ['xrange', key, '-', '+'],
    ['time'],
  ];
  const changes: readonly Tried[] = [
    ['del', key],
    ['expire', key, '1'],
    ['xtrim', key, 'MAXLEN', '0'],
    ['script', 'load', script],
    ['eval', script, '1', key],
  ];
  const denied: string[] = [];
  const mayChange = role === undefined || role === 'admin';
  for (const [command, ...args] of mayChange ? [...looks, ...changes] : looks) {
    await redis.call(command, ...args).catch((error: unknown) => {
      const { message } = toError(error);
      if (/NOPERM/.test(message)) denied.push(command);
      // A replica takes none of them: that is told otherwise.
      else if (!/READONLY|UNKNOWN/i.test(message)) throw error;
    });
  }
  return denied;
}

type Tried = readonly [command: string, ...args: string[]];

/** A user that may not run scripts has no role, which shows as what it is denied. */
function ifRefused(error: unknown): undefined {
  if (hasCode(error, 'store.denied')) return undefined;
  throw toError(error);
}

/** A user with few rights is no failure of its own. */
function ifDenied(error: unknown): undefined {
  if (/NOPERM/.test(toError(error).message)) return undefined;
  throw toError(error);
}

function infoOf(text: string): ReadonlyMap<string, string> {
  return new Map(
    text.split(/\r?\n/).flatMap((line): [string, string][] => {
      const colon = line.indexOf(':');
      return colon < 1 ? [] : [[line.slice(0, colon), line.slice(colon + 1)]];
    }),
  );
}

async function clocksOf(
  redis: Redis,
  { workers }: ClusterSnapshot,
  requests: ProcessRequests,
): Promise<ClockFact[]> {
  const own: ClockFact = {
    who: 'this machine',
    skewMs: await skewOf(redis, async () => undefined),
  };
  const up = workers.filter(({ state }) => state === 'up' || state === 'draining');
  return [own, ...(await Promise.all(up.map((view) => workerClock(redis, view, requests))))];
}

async function workerClock(
  redis: Redis,
  { member }: WorkerView,
  requests: ProcessRequests,
): Promise<ClockFact> {
  const { worker, address } = member;
  try {
    const skewMs = await skewOf(redis, async () => {
      const { headers } = await requests.get(address, '/health/live', { ms: answerLimitMs });
      const date = Date.parse(headers.date ?? '');
      // It names the second that has begun.
      return Number.isNaN(date) ? undefined : date + 500;
    });
    return { who: worker, skewMs };
  } catch {
    return { who: worker, skewMs: undefined, reason: `${address} is not reachable from here` };
  }
}

/** How far a clock is ahead of Redis', in the middle of asking both; `ask` undefined: our own. */
async function skewOf(redis: Redis, ask: () => Promise<number | undefined>): Promise<number> {
  const asked = await ask();
  const beforeMs = systemClock.wallMs();
  const [seconds, microseconds] = await redis.time();
  const oursMs = (beforeMs + systemClock.wallMs()) / 2;
  const redisMs = Number(seconds) * 1_000 + Number(microseconds) / 1_000;
  return (asked ?? oursMs) - redisMs;
}

async function examineLog(
  { cluster }: GlobalOptions,
  settings: LogSettings,
): Promise<{ readonly health: LogHealth; readonly topics: readonly Finding[] }> {
  const probe = new LogProbe({ settings, cluster, clientId: 'doctor', logger: silentLogger });
  await probe.start();
  try {
    const deadlineMs = systemClock.monotonicMs() + logLimitMs;
    const first = probe.health.message;
    while (!probe.hasAnswered && probe.health.message === first) {
      if (systemClock.monotonicMs() > deadlineMs) break;
      await systemClock.sleep(lookPauseMs);
    }
    const { health } = probe;
    const hasTopics = settings.kind === 'kafka' && health.reachable;
    return { health, topics: hasTopics ? await examineTopics(cluster, settings) : [] };
  } finally {
    await probe.stop();
  }
}

async function examineTopics(
  cluster: string,
  settings: Extract<LogSettings, { kind: 'kafka' }>,
): Promise<Finding[]> {
  const { offsetStorageTopic, configStorageTopic, fenceStorageTopic } = settings.kafka;
  const names = [
    ['offsets', offsetStorageTopic ?? `sluice-${cluster}-offsets`],
    ['configs', configStorageTopic ?? `sluice-${cluster}-configs`],
    ['fences', fenceStorageTopic ?? `sluice-${cluster}-fences`],
  ] as const;
  const log = await openLog(settings, {
    cluster,
    clientId: 'doctor',
    connectTimeoutMs: connectLimitMs,
    requestTimeoutMs: connectLimitMs,
  });
  try {
    const known = await log.topics.describe(names.map(([, name]) => name));
    const server = await log.describeServer?.();
    const wanted = { asked: settings.kafka.replicationFactor, brokers: server?.servers ?? 1 };
    const topics = await Promise.all(
      names.map(async ([purpose, name]): Promise<Finding> => {
        const found = known.get(name);
        if (!found) return ok('log', `topic ${name} is not there yet: it is created when needed`);
        const topic: InternalTopic = {
          name,
          purpose,
          partitions: found.partitions,
          replicationFactor: found.replicationFactor,
          settings: (await log.topics.settings?.(name)) ?? {},
        };
        return judgeTopic(topic, wanted);
      }),
    );
    return [...(server ? [judgeServer(server)] : []), ...topics];
  } catch (error) {
    const remedy = hasCode(error, 'log.forbidden')
      ? 'allow Describe and DescribeConfigs on them'
      : 'ask again when Kafka answers';
    return [warn('log', `its own topics cannot be looked at: ${toError(error).message}`, remedy)];
  } finally {
    log.destroy();
  }
}
