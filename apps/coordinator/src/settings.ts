/** The coordinator's settings: environment variables, checked all at once. */
import { hostname } from 'node:os';
import { converterPlugins, converterSettingsHelp, readConverterSettings } from '@sluice/converters';
import {
  limitedTo,
  type ProtocolRange,
  protocolSpoken,
  type SettlingOptions,
  settlingDefaults,
  type TimingProfile,
  timingProfile,
} from '@sluice/coordination';
import { type Environment, newShortId, SettingsReader } from '@sluice/kernel';
import { type LogSettings, logSettingsHelp, readLogSettings } from '@sluice/log-choice';
import { redisUrlProblem } from '@sluice/redis-connection';
import type { BasicAuth } from '@sluice/rest-api';
import { schemaRegistryConverters } from '@sluice/schema-registry';

export interface CoordinatorSettings {
  readonly redisUrl: string;
  /** Where records travel. */
  readonly log: LogSettings;
  readonly cluster: string;
  readonly coordinator: string;
  readonly host: string;
  readonly port: number;
  readonly profile: TimingProfile;
  readonly movement: 'minimal' | 'literal';
  readonly settling: SettlingOptions;
  /** Where definitions are remembered, if records travel through Kafka. */
  readonly configStorageTopic: string;
  readonly auth: BasicAuth | undefined;
  readonly allowedHosts: readonly string[] | undefined;
  readonly topicTracking: { readonly isEnabled: boolean; readonly allowsReset: boolean };
  readonly corsOrigins: readonly string[];
  readonly corsMethods: readonly string[];
  readonly insecure: boolean;
  readonly protocol: ProtocolRange;
  readonly protocolQuietMs: number;
  readonly boardsWritable: boolean;
  /** At a time; 0: none. */
  readonly previewsMax: number;
  /** Modules with connectors of the user, for previews. */
  readonly plugins: readonly string[];
  /** Directories of packages with plugins, for previews. */
  readonly pluginPath: readonly string[];
  /** Converters and their keys that previewed definitions inherit. */
  readonly workerConfig: Readonly<Record<string, string>>;
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
  SLUICE_PROFILE               default                  default (4 s leases) or fast (1 s)
  SLUICE_ASSIGNMENT_MOVEMENT   minimal                  minimal or literal
  SLUICE_BALANCE_QUIET_MS      3000                     membership is quiet for this long before tasks move only
                                                        to even out the load …
  SLUICE_BALANCE_WAIT_MAX_MS   15000                    … or this long after the first change, if it is not
  SLUICE_BALANCE_ROUND_PERCENT  10                      share of all tasks that moves at a time
  SLUICE_FLAPPING_HALF_LIFE_SECONDS  300                a worker's death counts half after this long; one that
                                                        died twice gets work last
  SLUICE_AUTH                                           user:password, for API and boards
  SLUICE_ALLOWED_HOSTS                                  host names that browsers may use, comma-separated
  SLUICE_ACCESS_CONTROL_ALLOW_ORIGIN                    access.control.allow.origin: pages of these origins may
                                                        use the API, comma-separated, * for any part
  SLUICE_ACCESS_CONTROL_ALLOW_METHODS  GET,POST,HEAD    access.control.allow.methods: what they may ask for
  SLUICE_TOPIC_TRACKING_ENABLE  true                    topic.tracking.enable, as the workers'
  SLUICE_TOPIC_TRACKING_ALLOW_RESET  true               topic.tracking.allow.reset
  SLUICE_INSECURE              false                    as --insecure
  SLUICE_BOARDS_WRITABLE       false                    lets the boards change queues
  SLUICE_PREVIEWS_MAX          1                        previews (POST /sluice/preview) at a time, each in a process
                                                        with at most 512 MB of heap; 0 refuses them
  SLUICE_PLUGINS                                        for previews, as the workers': modules with plugins,
  SLUICE_PLUGIN_PATH                                    directories of packages, …
${converterSettingsHelp}
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
    host: settings.string('SLUICE_HOST', '127.0.0.1'),
    port: settings.integer('SLUICE_PORT', 8083, { min: 0, max: 65_535 }),
    profile: timingProfile(settings.oneOf('SLUICE_PROFILE', ['default', 'fast'], 'default')),
    movement: settings.oneOf('SLUICE_ASSIGNMENT_MOVEMENT', ['minimal', 'literal'], 'minimal'),
    settling: readSettling(settings),
    configStorageTopic:
      (log.kind === 'kafka' ? log.kafka.configStorageTopic : undefined) ??
      `sluice-${cluster}-configs`,
    auth: readAuth(settings),
    allowedHosts: settings.optional('SLUICE_ALLOWED_HOSTS')?.split(','),
    topicTracking: {
      isEnabled: settings.boolean('SLUICE_TOPIC_TRACKING_ENABLE', true),
      allowsReset: settings.boolean('SLUICE_TOPIC_TRACKING_ALLOW_RESET', true),
    },
    corsOrigins: settings.list('SLUICE_ACCESS_CONTROL_ALLOW_ORIGIN'),
    corsMethods: settings.list('SLUICE_ACCESS_CONTROL_ALLOW_METHODS'),
    insecure: flags.insecure || settings.boolean('SLUICE_INSECURE'),
    boardsWritable: settings.boolean('SLUICE_BOARDS_WRITABLE'),
    previewsMax: settings.integer('SLUICE_PREVIEWS_MAX', 1, { min: 0, max: 16 }),
    plugins: settings.list('SLUICE_PLUGINS'),
    pluginPath: settings.list('SLUICE_PLUGIN_PATH'),
    workerConfig: readConverterSettings(settings, [
      ...converterPlugins,
      ...schemaRegistryConverters,
    ]),
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

function readAuth(settings: SettingsReader): BasicAuth | undefined {
  const value = settings.optional('SLUICE_AUTH');
  if (value === undefined) return undefined;
  const colon = value.indexOf(':');
  if (colon < 1 || colon === value.length - 1) {
    // Without the value: half of it may be a password.
    settings.problem('SLUICE_AUTH must have the form user:password');
    return undefined;
  }
  return { users: [{ username: value.slice(0, colon), password: value.slice(colon + 1) }] };
}

function readProtocol(settings: SettingsReader): ProtocolRange {
  const { min, max } = protocolSpoken;
  return limitedTo(settings.integer('SLUICE_PROTOCOL_MAX', max, { min, max: 1_000_000 }));
}
