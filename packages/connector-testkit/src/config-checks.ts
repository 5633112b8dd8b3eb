/** What both kinds of connectors have to do with their configuration. */
import {
  ConfigError,
  type ConfigKey,
  type Connector,
  type ConnectorConfig,
  type ConnectorContext,
  type ConnectorPlugin,
  pluginsOf,
  validateConfig,
} from '@sluice/connector-api';
import { assertContract, type Check } from './check.ts';

/** A configuration that must be refused, and what the refusal has to name. */
export interface InvalidConfig {
  readonly config: ConnectorConfig;
  readonly names: string;
}

export interface ConfigFixture {
  readonly config: ConnectorConfig;
}

export interface ConfigCheckOptions<Fixture extends ConfigFixture> {
  readonly plugin: ConnectorPlugin;
  readonly invalid: readonly InvalidConfig[];
  readonly use: <Result>(work: (fixture: Fixture) => Promise<Result>) => Promise<Result>;
}

const tasksMaxTried = [1, 2, 5];

export function configChecks<Fixture extends ConfigFixture>({
  plugin,
  invalid,
  use,
}: ConfigCheckOptions<Fixture>): Check[] {
  const { keys } = plugin.configDef;
  const required = keys.filter((key) => key.required);
  let shared: Promise<ConnectorConfig> | undefined;
  /** For the rules of the keys, which no system is needed for: one fixture, closed again, serves all of them. */
  const workingConfig = (): Promise<ConnectorConfig> =>
    (shared ??= use(async ({ config }) => config));
  return [
    {
      title: 'is a plugin that a worker finds',
      run: async () => {
        assertContract(
          pluginsOf({ default: plugin }).length === 1,
          'a module that exports it has no plugin: make it with defineSource or defineSink',
        );
        assertContract(
          keys.every((key) => key.documentation !== ''),
          `these keys lack .doc('…'): ${keys
            .filter((key) => key.documentation === '')
            .map((key) => key.name)
            .join(', ')}`,
        );
      },
    },
    {
      title: 'takes its configuration',
      run: () =>
        use(async ({ config }) => {
          const problems = validateConfig(keys, config);
          assertContract(problems.length === 0, problems.map((each) => each.message).join('\n'));
          await taskConfigsOf(plugin, config, 1);
        }),
    },
    ...required.map((key) => ({
      title: `refuses a configuration without ${key.name}, and names it`,
      run: async () => {
        const { [key.name]: _, ...rest } = await workingConfig();
        assertRefused(keys, rest, key.name);
      },
    })),
    ...keys.flatMap((key) => {
      const wrong = wrongValueFor(key);
      if (wrong === undefined) return [];
      return [
        {
          title: `refuses '${wrong}' for ${key.name}, and names it`,
          run: async () =>
            assertRefused(keys, { ...(await workingConfig()), [key.name]: wrong }, key.name),
        },
      ];
    }),
    ...invalid.map(({ config, names }) => ({
      title: `refuses ${JSON.stringify(config)}, and names ${names}`,
      run: async () => {
        const message =
          refusalByRules(plugin, { ...(await workingConfig()), ...config }) ??
          (await use((fixture) => refusalAtStart(plugin, { ...fixture.config, ...config })));
        assertContract(message !== undefined, 'it was accepted');
        assertContract(message.includes(names), `the refusal does not name ${names}: ${message}`);
      },
    })),
    {
      title: 'has at most tasks.max tasks, with texts as their configurations',
      run: () =>
        use(async ({ config }) => {
          for (const max of tasksMaxTried) {
            const configs = await taskConfigsOf(plugin, config, max);
            assertContract(
              configs.length <= max,
              `${String(configs.length)} task configurations for tasks.max ${String(max)}`,
            );
            for (const taskConfig of configs) {
              const wrong = Object.entries(taskConfig).find(
                ([, value]) => typeof value !== 'string',
              );
              assertContract(!wrong, `a task configuration's ${String(wrong?.[0])} is no text`);
            }
          }
        }),
    },
  ];
}

/** Nothing is wrong for a text without rules. */
function wrongValueFor({ type, rules }: ConfigKey): string | undefined {
  if (rules?.oneOf) return 'none-of-these';
  if (rules?.min !== undefined) return String(rules.min - 1);
  if (rules?.max !== undefined) return String(rules.max + 1);
  if (['INT', 'SHORT', 'LONG', 'DOUBLE'].includes(type)) return 'no-number';
  if (type === 'BOOLEAN') return 'perhaps';
  return undefined;
}

function assertRefused(keys: readonly ConfigKey[], config: ConnectorConfig, name: string): void {
  const problems = validateConfig(keys, config);
  assertContract(
    problems.some((problem) => problem.key === name && problem.message.includes(name)),
    `no problem names ${name}: ${problems.map(({ message }) => message).join('; ') || 'none at all'}`,
  );
}

function refusalByRules(plugin: ConnectorPlugin, config: ConnectorConfig): string | undefined {
  const problems = validateConfig(plugin.configDef.keys, config);
  return problems.length > 0 ? new ConfigError(problems).message : undefined;
}

async function refusalAtStart(
  plugin: ConnectorPlugin,
  config: ConnectorConfig,
): Promise<string | undefined> {
  try {
    await taskConfigsOf(plugin, config, 1);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function taskConfigsOf(
  plugin: ConnectorPlugin,
  config: ConnectorConfig,
  max: number,
): Promise<readonly ConnectorConfig[]> {
  const abort = new AbortController();
  const raised: unknown[] = [];
  const context: ConnectorContext = {
    connector: config['name'] ?? 'contract',
    logger: silent,
    signal: abort.signal,
    requestTaskReconfiguration: () => {},
    raiseError: (error) => void raised.push(error),
  };
  const connector: Connector = plugin.createConnector();
  try {
    await connector.start?.(config, context);
    return await connector.taskConfigs(max);
  } finally {
    abort.abort();
    await connector.stop?.();
  }
}

const ignore = (): void => {};
const silent = { debug: ignore, info: ignore, warn: ignore, error: ignore };
