/**
 * Entry of the thread that `sluice dev` runs a connector in: a new thread for each load, so that nothing
 * of the old code is left, and so that code which blocks can still be ended.
 */
import { registerHooks } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';
import { builtInConverters } from '@sluice/built-in';
import {
  openConfigProviders,
  type ProviderSettings,
  readProviderSettings,
} from '@sluice/config-providers';
import {
  ConfigError,
  type ConnectorPlugin,
  isConnectorPlugin,
  pluginsOf,
} from '@sluice/connector-api';
import { type Logger, SettingsReader, systemClock, toError } from '@sluice/kernel';
import type { RecordLog } from '@sluice/record-log';
import { MemoryLog, MemoryLogStore } from '@sluice/record-log/memory';
import { runConnectorLocally, shareConnectorApi } from '@sluice/runtime';

import type { DevTask, FailedStage, FromThread, ToThread } from './messages.ts';
import { RecordThrottle, showRecord } from './show-records.ts';

const task = workerData as DevTask;
const stop = new AbortController();
const connectorName = task.config['name'] ?? 'local';
const defaultInputTopic = 'dev';
const partitionBytesMax = 16 * 1024 * 1024;
const skippedReportMs = 1_000;

function tell(message: FromThread): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  parentPort?.postMessage(message);
}

/** Reports the user's own files. */
function reportFiles(): void {
  const ownFolders = [new URL('../../../../packages/', import.meta.url).href];
  registerHooks({
    load: (url, context, next) => {
      const isOwn = ownFolders.some((folder) => url.startsWith(folder)) || url === import.meta.url;
      if (url.startsWith('file:') && !url.includes('/node_modules/') && !isOwn) {
        tell({ kind: 'file', path: fileURLToPath(url) });
      }
      return next(url, context);
    },
  });
}

async function main(): Promise<void> {
  shareConnectorApi();
  reportFiles();
  const plugin = await load();
  if (!plugin) return;
  const config =
    plugin.type === 'sink' && !task.config['topics'] && !task.config['topics.regex']
      ? { ...task.config, topics: defaultInputTopic }
      : task.config;
  const log = new MemoryLog(new MemoryLogStore({ partitionBytesMax }));
  await log.start();
  await storeOffsets(log);
  const inputTopic =
    plugin.type === 'sink'
      ? (config['topics']?.split(',')[0]?.trim() ?? defaultInputTopic)
      : undefined;
  await listen(log, inputTopic);
  tell({
    kind: 'started',
    name: plugin.class,
    version: plugin.version,
    type: plugin.type,
    inputTopic,
  });
  await run(plugin, config, log);
  tell({ kind: 'ended', offsets: await log.listSourceOffsets(connectorName) });
}

async function load(): Promise<ConnectorPlugin | undefined> {
  let module: unknown;
  try {
    module = await import(pathToFileURL(task.module).href);
  } catch (error) {
    fail('load', `threw while it was imported:\n${userStack(error)}`);
    return undefined;
  }
  try {
    return choose(pluginsOf(module).filter(isConnectorPlugin));
  } catch (error) {
    fail('load', `cannot be used: ${toError(error).message}`);
    return undefined;
  }
}

function choose(plugins: readonly ConnectorPlugin[]): ConnectorPlugin {
  const wanted = task.connectorClass;
  if (plugins.length === 0) throw new Error('it has plugins, but no connector');
  const [first, ...others] = plugins;
  const names = plugins.map((plugin) => plugin.class).join(', ');
  if (wanted !== undefined) {
    const found = plugins.find((each) => each.class === wanted || each.aliases.includes(wanted));
    if (found) return found;
    throw new Error(`it has no connector ${wanted}; it has ${names}`);
  }
  if (first && others.length === 0) return first;
  throw new Error(`it has several connectors: choose one with --connector, of ${names}`);
}

/** A worker's, from this environment. */
function providerSettings(): ProviderSettings {
  const settings = new SettingsReader(process.env);
  const cluster = settings.string('SLUICE_CLUSTER', 'default');
  const redisUrl = settings.string('REDIS_URL', 'redis://127.0.0.1:6379');
  const providers = readProviderSettings(settings, { cluster, redisUrl });
  settings.check();
  return providers;
}

async function run(
  plugin: ConnectorPlugin,
  config: DevTask['config'],
  log: RecordLog,
): Promise<void> {
  const throttle = new RecordThrottle();
  const reportSkipped = setInterval(() => {
    const skipped = throttle.takeSkipped();
    if (skipped > 0) tell({ kind: 'records', records: [], skipped });
  }, skippedReportMs);
  try {
    const { resolve: resolveConfig } = await openConfigProviders(providerSettings());
    await runConnectorLocally({
      plugin,
      config,
      log,
      signal: stop.signal,
      logger,
      options: { converters: builtInConverters, resolveConfig },
      onRecords: (records) => {
        const shown = throttle.admit(records, systemClock.monotonicMs()).map(showRecord);
        if (shown.length > 0) {
          tell({ kind: 'records', records: shown, skipped: throttle.takeSkipped() });
        }
      },
    });
  } catch (error) {
    const isConfig = error instanceof ConfigError;
    fail(isConfig ? 'config' : 'run', isConfig ? error.message : userStack(error));
  } finally {
    clearInterval(reportSkipped);
  }
}

/** A run after a reload goes on where the one before it was. */
async function storeOffsets(log: RecordLog): Promise<void> {
  if (task.offsets.length === 0) return;
  const writer = await log.openWriter({ id: 'dev', fence: 1 });
  await writer.commitSourceOffsets(connectorName, task.offsets);
  await writer.close();
}

/** Orders of the main thread; lines of input become records for a sink. */
async function listen(log: RecordLog, inputTopic: string | undefined): Promise<void> {
  const writer = await log.openWriter({ id: 'dev-input', fence: 1 });
  parentPort?.on('message', (message: ToThread) => {
    if (message.kind === 'stop') stop.abort(new Error('stopped'));
    else if (inputTopic !== undefined) {
      const records = message.lines.map((line) => ({ key: null, value: encode(line) }));
      writer.produce([{ topic: inputTopic, records }]).then(
        () => tell({ kind: 'input-stored' }),
        (error: unknown) => fail('run', `cannot store the input: ${toError(error).message}`),
      );
    }
  });
}

/** JSON is taken as it is; anything else is a string. */
function encode(line: string): Buffer {
  try {
    JSON.parse(line);
    return Buffer.from(line);
  } catch {
    return Buffer.from(JSON.stringify(line));
  }
}

function fail(stage: FailedStage, message: string): void {
  tell({ kind: 'failed', stage, message });
}

/** Without the lines that are about Node or about Sluice. */
function userStack(thrown: unknown): string {
  const error = toError(thrown);
  const lines = (error.stack ?? error.message).split('\n');
  const foreign = /^\s+at .*(node:internal|\/node_modules\/|\/packages\/|\/apps\/cli\/)/;
  return lines
    .filter((line) => !foreign.test(line))
    .join('\n')
    .trim();
}

const logger: Logger = {
  debug: () => {},
  info: (fields, text) => tellLog('info', fields, text),
  warn: (fields, text) => tellLog('warn', fields, text),
  error: (fields, text) => tellLog('error', fields, text),
  child: () => logger,
};

function tellLog(level: 'info' | 'warn' | 'error', fields: object, text: string): void {
  const more = Object.keys(fields).length === 0 ? '' : ` ${JSON.stringify(fields)}`;
  tell({ kind: 'log', level, text: `${text}${more}` });
}

await main();
// What the module left running (timers, sockets) must not keep the thread.
process.exit(0);
