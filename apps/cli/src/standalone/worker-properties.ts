/**
 * Kafka Connect's worker file as settings of a coordinator and a worker. Pure: what a key means is one entry of
 * a table, and a key that means nothing here is a problem that names it; nothing is ignored without a word.
 */
import { settingName } from '@sluice/kernel';

import { clientSettings, isClientKey } from './client-properties.ts';
import { listenerSettings } from './listener-properties.ts';
import { keysOfSettings } from './words-of-file.ts';

export interface StandaloneSettings {
  /** Settings in the names of the environment; with passwords. */
  readonly env: Readonly<Record<string, string>>;
  /** The key of the file behind each of them. */
  readonly keys: ReadonlyMap<string, string>;
  /** Where source offsets go in Kafka Connect; undefined if the file does not say. */
  readonly offsetFile: string | undefined;
  /** What is done otherwise than the file may make one expect. */
  readonly notes: readonly string[];
  /** What cannot be done. */
  readonly problems: readonly string[];
}

type Properties = Readonly<Record<string, string>>;

/** Settings that mean the same under another name. */
const renamed: Readonly<Record<string, string>> = {
  'bootstrap.servers': 'KAFKA_BROKERS',
  'offset.flush.interval.ms': 'SLUICE_OFFSET_FLUSH_INTERVAL_MS',
  'task.shutdown.graceful.timeout.ms': 'SLUICE_STOP_GRACE_MS',
  'topic.tracking.enable': 'SLUICE_TOPIC_TRACKING_ENABLE',
  'topic.tracking.allow.reset': 'SLUICE_TOPIC_TRACKING_ALLOW_RESET',
  'access.control.allow.origin': 'SLUICE_ACCESS_CONTROL_ALLOW_ORIGIN',
  'access.control.allow.methods': 'SLUICE_ACCESS_CONTROL_ALLOW_METHODS',
  'response.http.headers.config': 'SLUICE_RESPONSE_HTTP_HEADERS_CONFIG',
};

/** Settings of which Sluice has one value, and it is the usual one. */
const fixed: Readonly<Record<string, string>> = {
  'topic.creation.enable': 'true',
  'connector.client.config.override.policy': 'All',
};

/** They say how Java finds classes. */
const withoutEffect: ReadonlySet<string> = new Set(['plugin.discovery']);

/** Begins a key of the distributed mode. */
const distributed =
  /^(group\.id|(config|offset|status)\.storage\.(topic|replication\.factor|partitions)|session\.timeout\.ms|heartbeat\.interval\.ms|rebalance\.timeout\.ms|scheduled\.rebalance\.max\.delay\.ms|connect\.protocol|worker\.(un)?sync\..*|inter\.worker\..*|exactly\.once\.source\.support)$/;

const converterKey = /^(key|value|header)\.converter(\..+)?$/;

export function readWorkerProperties(properties: Properties): StandaloneSettings {
  const listeners = listenerSettings(properties);
  const env: Record<string, string> = { ...listeners.env };
  const notes: string[] = [];
  const problems: string[] = [...listeners.problems];
  const client: Record<string, string> = {};
  for (const [key, value] of Object.entries(properties)) {
    const name = renamed[key];
    if (listeners.keys.has(key) || key === 'offset.storage.file.filename') continue;
    if (name !== undefined) env[name] = value;
    else if (key === 'admin.listeners') env['SLUICE_ADMIN_LISTENERS'] = value.trim() || 'none';
    else if (isClientKey(key)) client[key] = value;
    else if (key in fixed) checkFixed(key, value, problems);
    else if (isProviderKey(key)) env[`SLUICE_${settingName(key)}`] = value;
    else if (converterKey.test(key)) readConverter(key, value, { env, problems });
    else if (key === 'plugin.path') readPluginPath(value, { env, notes });
    else if (withoutEffect.has(key)) notes.push(`${key} has no effect: it is about Java's plugins`);
    else problems.push(refusalOf(key));
  }
  const fromClient = clientSettings(client);
  const all = { ...env, ...fromClient.env };
  return {
    env: all,
    keys: keysOfSettings(properties, all),
    offsetFile: properties['offset.storage.file.filename']?.trim() || undefined,
    notes,
    problems: [...problems, ...fromClient.problems],
  };
}

/** Read back the same way: `SLUICE_CONFIG_PROVIDERS_FILE_PARAM_ALLOWED_PATHS`. */
function isProviderKey(key: string): boolean {
  return key === 'config.providers' || key.startsWith('config.providers.');
}

function refusalOf(key: string): string {
  if (distributed.test(key)) {
    return `${key} belongs to Kafka Connect's distributed mode: leave it out, or run sluice-coordinator and sluice-worker`;
  }
  if (key === 'rest.port' || key === 'rest.host.name') {
    return `${key} is no key of Kafka Connect any more: write listeners=http://host:port`;
  }
  return `${key} is not supported: leave it out`;
}

function checkFixed(key: string, value: string, problems: string[]): void {
  const only = fixed[key] ?? '';
  if (value.trim().toLowerCase() === only.toLowerCase()) return;
  problems.push(`${key}=${value} is not supported, only ${only} is: leave it out`);
}

/** `value.converter.schemas.enable` → `SLUICE_VALUE_CONVERTER_SCHEMAS_ENABLE`, which is read back the same way. */
function readConverter(
  key: string,
  value: string,
  { env, problems }: { readonly env: Record<string, string>; readonly problems: string[] },
): void {
  if (key !== key.toLowerCase()) {
    problems.push(`${key} is not supported: converters' keys with capitals belong to connectors`);
    return;
  }
  env[`SLUICE_${settingName(key)}`] = value;
}

/** Modules and directories of packages are loaded; what is Java's is of no use here, and a connector that needs it is refused by its class. */
function readPluginPath(
  value: string,
  { env, notes }: { readonly env: Record<string, string>; readonly notes: string[] },
): void {
  const paths = value.split(',').flatMap((path) => path.trim() || []);
  const modules = paths.filter((path) => /\.[cm]?[jt]s$/.test(path));
  const jars = paths.filter((path) => path.endsWith('.jar'));
  const directories = paths.filter((path) => !modules.includes(path) && !jars.includes(path));
  if (modules.length > 0) env['SLUICE_PLUGINS'] = modules.join(',');
  if (directories.length > 0) env['SLUICE_PLUGIN_PATH'] = directories.join(',');
  if (jars.length > 0) {
    notes.push(
      `plugin.path: ${jars.join(', ')} is not loaded, since Java plugins do not run; ` +
        'write modules as ./connector.js, the file connectors are built in',
    );
  }
}
