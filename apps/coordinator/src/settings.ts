/** The coordinator's settings: environment variables, checked all at once. */
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { type AccessSettings, accessSettingsHelp, readAccessSettings } from '@sluice/access';
import { builtInConverters } from '@sluice/built-in';
import {
  type ProviderSettings,
  providerSettingsHelp,
  readProviderSettings,
} from '@sluice/config-providers';
import { converterSettingsHelp, readConverterSettings } from '@sluice/converters';
import {
  limitedTo,
  type ProtocolRange,
  protocolSpoken,
  type SettlingOptions,
  settlingDefaults,
  type TimingProfile,
  timingProfile,
} from '@sluice/coordination';
import { type Environment, newShortId, SettingsReader, toError } from '@sluice/kernel';
import {
  exactlyOnceHelp,
  type LogSettings,
  logSettingsHelp,
  readExactlyOnce,
  readLogSettings,
} from '@sluice/log-choice';
import { redisUrlProblem } from '@sluice/redis-connection';
import { parseResponseHeaders, type ResponseHeader } from '@sluice/rest-api';

import { type Listener, readAdminListener, readListeners } from './listeners.ts';

export interface CoordinatorSettings {
  readonly redisUrl: string;
  /** Where records travel. */
  readonly log: LogSettings;
  readonly cluster: string;
  readonly coordinator: string;
  /** At least one. */
  readonly listeners: readonly Listener[];
  readonly adminListener: 'shared' | 'none' | Listener;
  readonly profile: TimingProfile;
  readonly movement: 'minimal' | 'literal';
  readonly settling: SettlingOptions;
  /** Where definitions are remembered, if records travel through Kafka. */
  readonly configStorageTopic: string;
  readonly access: AccessSettings;
  /** Of one client that is not on this machine; 0: any number. */
  readonly requestsPerMinute: number;
  readonly connectionsMax: number;
  readonly trustedProxies: readonly string[];
  readonly responseHeaders: readonly ResponseHeader[];
  readonly allowedHosts: readonly string[] | undefined;
  /** Sources write records and offsets together. */
  readonly exactlyOnce: boolean;
  readonly topicTracking: { readonly isEnabled: boolean; readonly allowsReset: boolean };
  readonly corsOrigins: readonly string[];
  readonly corsMethods: readonly string[];
  readonly insecure: boolean;
  readonly protocol: ProtocolRange;
  readonly protocolQuietMs: number;
  readonly boardsWritable: boolean;
  /** At a time; 0: none. */
  readonly previewsMax: number;
  /** Connectors that `/metrics` shows one by one at most. */
  readonly metricsConnectorsMax: number;
  /** For what the plugin of one definition checks with code. */
  readonly validationTimeoutMs: number;
  /** Modules with plugins of the user, for previews and validations. */
  readonly plugins: readonly string[];
  /** Directories of packages with plugins, for previews and validations. */
  readonly pluginPath: readonly string[];
  readonly pluginLookMs: number;
  /** Converters and their keys that previewed definitions inherit. */
  readonly workerConfig: Readonly<Record<string, string>>;
  /** What references stand for, in previews and validations; with keys: not to be logged. */
  readonly providers: ProviderSettings;
  readonly logLevel: string;
  /** How long to wait for Redis at start before giving up. */
  readonly redisWaitMs: number;
}

export const settingsHelp = `Settings (environment variables):
  REDIS_URL                    redis://127.0.0.1:6379   redis://, redis+sentinel://, redis+cluster://, or
                                                        rediss…:// with TLS; with user and password
  SLUICE_CLUSTER               default                  all processes of one cluster share it
  SLUICE_COORDINATOR_NAME      <host>-<random>
  SLUICE_HOST                  127.0.0.1                address to listen on
  SLUICE_PORT                  8083                     0 takes a free one
  SLUICE_LISTENERS                                      listeners, instead of both: several addresses, some with
                                                        TLS: http://127.0.0.1:8083,https://0.0.0.0:8443
  SLUICE_ADMIN_LISTENERS                                admin.listeners: http://host:port (https:// with TLS) for
                                                        /admin/loggers alone, or none; default: beside the rest
  SLUICE_PROFILE               default                  default (4 s leases) or fast (1 s)
  SLUICE_ASSIGNMENT_MOVEMENT   minimal                  minimal or literal
  SLUICE_BALANCE_QUIET_MS      3000                     membership is quiet for this long before tasks move only
                                                        to even out the load …
  SLUICE_BALANCE_WAIT_MAX_MS   15000                    … or this long after the first change, if it is not
  SLUICE_BALANCE_ROUND_PERCENT  10                      share of all tasks that moves at a time
  SLUICE_FLAPPING_HALF_LIFE_SECONDS  300                a worker's death counts half after this long; one that
                                                        died twice gets work last
${accessSettingsHelp}
  SLUICE_REQUESTS_PER_MINUTE   6000                     of one client that is not on this machine, on
                                                        all listeners together; then 429. 0: any number
  SLUICE_CONNECTIONS_MAX       1000                     at a time, on all listeners together
  SLUICE_TRUSTED_PROXIES                                addresses or networks of proxies whose X-Forwarded-For
                                                        says who asks, comma-separated
  SLUICE_RESPONSE_HTTP_HEADERS_CONFIG                   response.http.headers.config: headers of each answer, as in
                                                        set Strict-Transport-Security: max-age=31536000
  SLUICE_ALLOWED_HOSTS                                  host names that browsers may use, comma-separated
  SLUICE_ACCESS_CONTROL_ALLOW_ORIGIN                    access.control.allow.origin: pages of these origins may
                                                        use the API, comma-separated, * for any part
  SLUICE_ACCESS_CONTROL_ALLOW_METHODS  GET,POST,HEAD    access.control.allow.methods: what they may ask for
  SLUICE_TOPIC_TRACKING_ENABLE  true                    topic.tracking.enable, as the workers'
  SLUICE_TOPIC_TRACKING_ALLOW_RESET  true               topic.tracking.allow.reset
${exactlyOnceHelp}
  SLUICE_INSECURE              false                    as --insecure
  SLUICE_BOARDS_WRITABLE       false                    lets the boards change queues
  SLUICE_METRICS_CONNECTORS_MAX  1000                   connectors that /metrics shows one by one at most
  SLUICE_PREVIEWS_MAX          1                        previews (POST /sluice/preview) at a time, each in a process
                                                        with at most 512 MB of heap; 0 refuses them
  SLUICE_VALIDATION_TIMEOUT_MS  5000                    for what a connector checks with code of its own before
                                                        its definition is stored, in a process as of previews
  SLUICE_PLUGINS                                        for previews and validations, as the workers': modules
  SLUICE_PLUGIN_PATH                                    with plugins, directories of packages, …
  SLUICE_PLUGIN_LOOK_MS        2000                     … looked at so often
${converterSettingsHelp}
${providerSettingsHelp}
  SLUICE_LOG_LEVEL             info                     debug, info, warn, error
  SLUICE_PROTOCOL_MAX                                   keeps the cluster from going to a higher version of
                                                        the protocol, while an upgrade may be taken back
  SLUICE_PROTOCOL_QUIET_SECONDS  60                     how long all must have spoken a higher version
                                                        before the cluster goes to it
  SLUICE_REDIS_WAIT_MS         5000                     how long to wait for Redis at start

${logSettingsHelp}`;

/** @throws SluiceError `config.invalid` that lists every problem. */
export function readSettings(
  environment: Environment,
  flags: { readonly insecure: boolean },
): CoordinatorSettings {
  const settings = new SettingsReader(environment);
  const redisUrl = settings.string('REDIS_URL', 'redis://127.0.0.1:6379');
  const cluster = settings.string('SLUICE_CLUSTER', 'default');
  const log = readLogSettings(settings, redisUrl);
  const compiled: CoordinatorSettings = {
    redisUrl,
    log,
    cluster,
    coordinator: settings.string('SLUICE_COORDINATOR_NAME', `${hostname()}-${newShortId()}`),
    listeners: readListeners(settings),
    adminListener: readAdminListener(settings),
    profile: timingProfile(settings.oneOf('SLUICE_PROFILE', ['default', 'fast'], 'default')),
    movement: settings.oneOf('SLUICE_ASSIGNMENT_MOVEMENT', ['minimal', 'literal'], 'minimal'),
    settling: readSettling(settings),
    configStorageTopic:
      (log.kind === 'kafka' ? log.kafka.configStorageTopic : undefined) ??
      `sluice-${cluster}-configs`,
    access: readAccessSettings(settings),
    requestsPerMinute: settings.integer('SLUICE_REQUESTS_PER_MINUTE', 6_000, {
      min: 0,
      max: 1_000_000,
    }),
    connectionsMax: settings.integer('SLUICE_CONNECTIONS_MAX', 1_000, { min: 1, max: 65_535 }),
    trustedProxies: readProxies(settings),
    responseHeaders: readResponseHeaders(settings),
    allowedHosts: settings.optional('SLUICE_ALLOWED_HOSTS')?.split(','),
    exactlyOnce: readExactlyOnce(settings, log.kind),
    topicTracking: {
      isEnabled: settings.boolean('SLUICE_TOPIC_TRACKING_ENABLE', true),
      allowsReset: settings.boolean('SLUICE_TOPIC_TRACKING_ALLOW_RESET', true),
    },
    corsOrigins: settings.list('SLUICE_ACCESS_CONTROL_ALLOW_ORIGIN'),
    corsMethods: settings.list('SLUICE_ACCESS_CONTROL_ALLOW_METHODS'),
    insecure: flags.insecure || settings.boolean('SLUICE_INSECURE'),
    boardsWritable: settings.boolean('SLUICE_BOARDS_WRITABLE'),
    metricsConnectorsMax: settings.integer('SLUICE_METRICS_CONNECTORS_MAX', 1_000, {
      min: 0,
      max: 100_000,
    }),
    previewsMax: settings.integer('SLUICE_PREVIEWS_MAX', 1, { min: 0, max: 16 }),
    validationTimeoutMs: settings.integer('SLUICE_VALIDATION_TIMEOUT_MS', 5_000, {
      min: 100,
      max: 60_000,
    }),
    plugins: settings.list('SLUICE_PLUGINS'),
    pluginPath: settings.list('SLUICE_PLUGIN_PATH'),
    pluginLookMs: settings.integer('SLUICE_PLUGIN_LOOK_MS', 2_000, { min: 100, max: 3_600_000 }),
    workerConfig: readConverterSettings(settings, builtInConverters),
    providers: readProviderSettings(settings, { redisUrl, cluster }),
    protocol: readProtocol(settings),
    protocolQuietMs:
      settings.integer('SLUICE_PROTOCOL_QUIET_SECONDS', 60, { min: 1, max: 86_400 }) * 1_000,
    logLevel: settings.oneOf('SLUICE_LOG_LEVEL', ['debug', 'info', 'warn', 'error'], 'info'),
    redisWaitMs: settings.integer('SLUICE_REDIS_WAIT_MS', 5_000, { min: 0, max: 3_600_000 }),
  };
  const problem = redisUrlProblem(compiled.redisUrl);
  if (problem !== undefined) settings.problem(`REDIS_URL ${problem}`);
  settings.check();
  return Object.freeze(compiled);
}

function readSettling(settings: SettingsReader): SettlingOptions {
  const { quietMs, maxMs, roundShare, penaltyHalfLifeMs } = settlingDefaults;
  const settling = {
    quietMs: settings.integer('SLUICE_BALANCE_QUIET_MS', quietMs, { min: 0, max: 600_000 }),
    maxMs: settings.integer('SLUICE_BALANCE_WAIT_MAX_MS', maxMs, { min: 0, max: 3_600_000 }),
    roundShare:
      settings.integer('SLUICE_BALANCE_ROUND_PERCENT', roundShare * 100, { min: 1, max: 100 }) /
      100,
    penaltyHalfLifeMs:
      settings.integer('SLUICE_FLAPPING_HALF_LIFE_SECONDS', penaltyHalfLifeMs / 1_000, {
        min: 1,
        max: 86_400,
      }) * 1_000,
  };
  if (settling.maxMs < settling.quietMs) {
    settings.problem('SLUICE_BALANCE_WAIT_MAX_MS must not be less than SLUICE_BALANCE_QUIET_MS');
  }
  return settling;
}

function readProxies(settings: SettingsReader): string[] {
  const given = settings.list('SLUICE_TRUSTED_PROXIES');
  for (const proxy of given) {
    const [address = '', bits, ...more] = proxy.split('/');
    const version = isIP(address);
    const isNetwork =
      bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
    if (version !== 0 && isNetwork && more.length === 0) continue;
    settings.problem(
      `SLUICE_TRUSTED_PROXIES: "${proxy}" is no address, and no network as 10.0.0.0/8`,
    );
  }
  return given;
}

function readResponseHeaders(settings: SettingsReader): readonly ResponseHeader[] {
  try {
    return parseResponseHeaders(settings.string('SLUICE_RESPONSE_HTTP_HEADERS_CONFIG', ''));
  } catch (error) {
    settings.problem(`SLUICE_RESPONSE_HTTP_HEADERS_CONFIG: ${toError(error).message}`);
    return [];
  }
}

function readProtocol(settings: SettingsReader): ProtocolRange {
  const { min, max } = protocolSpoken;
  return limitedTo(settings.integer('SLUICE_PROTOCOL_MAX', max, { min, max: 1_000_000 }));
}
