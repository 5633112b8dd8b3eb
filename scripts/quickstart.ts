/**
 * `npm run quickstart`: a whole cluster on this machine, with a pipeline that moves lines from one file to
 * another, through Redis Streams or (`--kafka`) Kafka. Stays up until Ctrl-C.
 *
 * Ctrl-C (SIGINT, SIGTERM) stops all that was started, in order; a second one, a second later, at once.
 * A failure at the start stops what is there already and says which part failed, with the end of its log.
 * Killed with SIGKILL: its processes die with it (Linux), or are ended by the next start.
 */
import { hasCode, SluiceError, systemClock, toError } from '@sluice/kernel';
import {
  isFree,
  isVersionAtLeast,
  redisVersionAt,
  redisVersionMin,
  withoutPassword,
} from '@sluice/testkit';
import { note, seconds } from './progress.ts';
import { buildDashboard } from './quickstart/dashboard.ts';
import {
  endLeftovers,
  findRunning,
  forget,
  hasOldData,
  remember,
  removeOldData,
} from './quickstart/folder.ts';
import { checkGivenKafka, kafkaSettings } from './quickstart/kafka.ts';
import { parseOptions, type QuickstartOptions, usage } from './quickstart/options.ts';
import { applyPipeline, sendLine } from './quickstart/pipeline.ts';
import { type AppProcess, StartedProcesses } from './quickstart/processes.ts';
import { watchProcesses } from './quickstart/watch.ts';
import { whatNext } from './quickstart/what-next.ts';

/** Each log has a cluster of its own: what was defined on one is not meant for the other. */
const clusters = { redis: 'quickstart', kafka: 'quickstart-kafka' } as const;
const topics = { redis: 'lines', kafka: 'quickstart-lines' } as const;
/** One Ctrl-C may arrive more than once: from the terminal, from npm, from the script that started this. */
const sameSignalMs = 1_000;

const startedAtMs = systemClock.monotonicMs();
const started = new StartedProcesses();
const stopping = new AbortController();
let wentOnWithOldData = false;

// Not by its exit code alone: a connection that lingers would hold the prompt back for seconds.
process.exit(await main());

async function main(): Promise<number> {
  try {
    const options = parseOptions(process.argv.slice(2));
    if (options.help) {
      process.stdout.write(usage);
      return 0;
    }
    await checkFree(options);
    if (options.fresh) removeOldData();
    wentOnWithOldData = hasOldData();
    const untilSignal = listenForSignals();
    const up = start(options);
    await Promise.race([up, untilSignal]);
    await untilSignal;
    // A start that is interrupted fails in some way of its own, which is of no interest then.
    up.catch(() => undefined);
    return 0;
  } catch (error) {
    if (stopping.signal.aborted) return 0;
    note(`\nquickstart failed: ${toError(error).message}`);
    if (wentOnWithOldData) {
      note('It went on with the data of an earlier one. Without: npm run quickstart -- --fresh');
    }
    return hasCode(error, 'quickstart.usage') ? 2 : 1;
  } finally {
    await stop();
  }
}

async function checkFree({ port }: QuickstartOptions): Promise<void> {
  const running = await findRunning();
  if (running !== undefined) {
    throw new SluiceError(
      'quickstart.running',
      `a quickstart of this folder runs already, as process ${running.pid}, with its API at ` +
        `${running.apiUrl}. Stop it by Ctrl-C in its terminal, or by: kill ${running.pid}`,
    );
  }
  const leftovers = await endLeftovers();
  if (leftovers > 0) tell(`ended ${leftovers} processes of a quickstart that was killed`);
  if (await isFree(port)) return;
  throw new SluiceError(
    'quickstart.port',
    `port ${port}, for the REST API, is taken by another program. ` +
      `Choose another one: npm run quickstart -- --port ${port === 8_083 ? 8_090 : port + 1}`,
  );
}

async function start({ port, workers, ...options }: QuickstartOptions): Promise<void> {
  const log = options.kafka ? 'kafka' : 'redis';
  const [redisUrl, kafkaEnv] = await Promise.all([redis(), options.kafka ? kafka() : undefined]);
  const apiUrl = `http://127.0.0.1:${port}`;
  const env = { REDIS_URL: redisUrl, SLUICE_CLUSTER: clusters[log], ...kafkaEnv };
  const record = (): void => {
    const recorded = { apiUrl, redisUrl, children: started.pids };
    remember(recorded, { ...env, REDIS_URL: redisUrl.replaceAll("'", '%27') });
  };
  record();
  const dashboard = buildDashboard(tell);
  const starting = [
    started.startApp('coordinator', 'coordinator', { ...env, SLUICE_PORT: String(port) }),
    ...Array.from({ length: workers }, async (_, index) => {
      const name = `worker-${index + 1}`;
      return await started.startApp('worker', name, {
        ...env,
        SLUICE_WORKER_NAME: name,
        SLUICE_WORKER_PORT: '0',
      });
    }),
  ];
  record();
  const apps = await Promise.all(starting.map(announce));
  await applyPipeline(env, topics[log]);
  tell('pipeline: quickstart-source and quickstart-sink run');
  const stamp = new Date(systemClock.wallMs()).toISOString();
  const firstMs = await sendLine(`first line of ${stamp}`);
  const nextMs = await sendLine(`second line of ${stamp}`);
  tell(`a line went through in ${Math.round(firstMs)} ms, the next in ${Math.round(nextMs)} ms`);
  await dashboard;
  process.stdout.write(await whatNext(apiUrl, apps, options.kafka ? topics.kafka : undefined));
  watchProcesses(apps, { apiUrl, signal: stopping.signal, tell: note });
}

/** The one that is named, else one of our own. */
async function redis(): Promise<string> {
  const given = process.env['REDIS_URL'];
  if (given === undefined || given === '') {
    const own = await started.startRedis();
    tell(`Redis ${await redisVersionAt(own.url)} on port ${own.port} (its own, data in .sluice/)`);
    return own.url;
  }
  const version = await redisVersionAt(given).catch((error: unknown) => {
    throw new SluiceError(
      'quickstart.redis',
      `${toError(error).message}. Start that server, or unset REDIS_URL: quickstart then brings its own`,
      { cause: error },
    );
  });
  if (!isVersionAtLeast(version, redisVersionMin)) {
    throw new SluiceError(
      'quickstart.redis_old',
      `REDIS_URL names a Redis ${version}; Sluice needs ${redisVersionMin} or newer`,
    );
  }
  tell(`Redis ${version} at ${withoutPassword(given)} (REDIS_URL)`);
  return given;
}

/** The one that is named, else one of our own: the settings with which the apps reach it. */
async function kafka(): Promise<Record<string, string>> {
  const given = await checkGivenKafka(clusters.kafka);
  if (given !== undefined) {
    tell(`Kafka at ${given['KAFKA_BROKERS']} (KAFKA_BROKERS)`);
    return given;
  }
  const own = await started.startKafka();
  tell(`Kafka ${own.version} at ${own.bootstrap} (its own, data in .sluice/)`);
  return kafkaSettings({ KAFKA_BROKERS: own.bootstrap });
}

async function announce(starting: Promise<AppProcess>): Promise<AppProcess> {
  const app = await starting;
  tell(`${app.name} is ready, process ${app.process.pid}, port ${app.port}`);
  return app;
}

/** Resolves at the first signal, or when the process that started this one is gone. */
async function listenForSignals(): Promise<void> {
  await new Promise<void>((resolve) => {
    let firstAtMs: number | undefined;
    const onSignal = (): void => {
      const nowMs = systemClock.monotonicMs();
      if (firstAtMs === undefined) {
        firstAtMs = nowMs;
        stopping.abort();
        resolve();
      } else if (nowMs - firstAtMs > sameSignalMs) {
        note('killed what was left');
        started.kill();
        forget();
        process.exit(1);
      }
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
    process.once('disconnect', onSignal);
    // The channel to the script that started this is no reason to stay.
    process.channel?.unref();
  });
}

async function stop(): Promise<void> {
  const count = started.pids.length;
  if (count === 0) {
    // A server may be on its way up. What another quickstart remembers is not touched.
    await started.stop();
    return;
  }
  note(`\nstopping ${count} processes (Ctrl-C again: at once) …`);
  const beganAtMs = systemClock.monotonicMs();
  await started.stop();
  forget();
  note(`stopped in ${seconds(systemClock.monotonicMs() - beganAtMs)}`);
}

function tell(text: string): void {
  note(`${seconds(systemClock.monotonicMs() - startedAtMs).padStart(7)}  ${text}`);
}
