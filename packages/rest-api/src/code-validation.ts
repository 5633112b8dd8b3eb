/**
 * The part of a definition's validation that runs code of its plugin. It runs in a process of its own, which is somebody
 * else's to start: here it is decided for which definitions, and what comes of it for the client.
 */
import {
  asksOfExactlyOnce,
  type ConnectorConfig,
  hasReferences,
  newestInRange,
  pluginNeeds,
  pluginsNamed,
  withChosenVersions,
} from '@sluice/connector-api';
import type { Definition, PluginInfo } from '@sluice/coordination';
import {
  type ChosenPlugin,
  type CodeValidation,
  type ConfigParts,
  configProblems,
} from './config-infos.ts';
import { findConnector } from './entities.ts';
import { invalidConfiguration } from './schemas.ts';

/** What is validated by code. */
export interface CheckedConfig {
  readonly config: ConnectorConfig;
  /** The same with the versions of plugins that were chosen of all that workers have. */
  readonly pinned: ConnectorConfig;
}

/**
 * One answer for each, in their order; undefined where there is no code to run after all.
 * @throws ApiError that names the connector when its code throws, or does not end within the limit.
 */
export type RunValidations = (
  configs: readonly CheckedConfig[],
) => Promise<readonly (CodeValidation | undefined)[]>;

/** What routes need that take or show definitions. */
export interface DefinitionChecks {
  readonly parts: ConfigParts;
  readonly validator: CodeValidator;
}

export interface CodeValidatorOptions {
  /** Absent: definitions are checked as plain data alone. */
  readonly run: RunValidations | undefined;
  readonly parts: ConfigParts;
  readonly plugins: (className: string) => Promise<readonly PluginInfo[]>;
}

export class CodeValidator {
  readonly #options: CodeValidatorOptions;

  constructor(options: CodeValidatorOptions) {
    this.#options = options;
  }

  /** Undefined: nothing is known beyond the plain data. */
  async validate(
    { plugin, problems }: ChosenPlugin,
    config: ConnectorConfig,
    announced: readonly PluginInfo[],
  ): Promise<CodeValidation | undefined> {
    if (problems.length > 0 || !needsCode(plugin, config, announced)) return undefined;
    const answers = await this.#options.run?.([this.#checked(config, announced)]);
    return answers?.[0];
  }

  /**
   * What is wrong as plain data says whoever applies them.
   * @throws ApiError 400 with all that is wrong with the first that is refused.
   */
  async assertValid(definitions: readonly Definition[]): Promise<void> {
    const { parts, plugins, run } = this.#options;
    if (!run) return;
    const checked: {
      readonly config: ConnectorConfig;
      readonly chosen: ChosenPlugin;
      readonly announced: readonly PluginInfo[];
    }[] = [];
    for (const { config } of definitions) {
      const className = config['connector.class'] ?? '';
      const announced = await plugins(className);
      const { plugin, problems } = findConnector(announced, config);
      // A version that is not there is told by whoever applies it.
      if (plugin && problems.length === 0 && needsCode(plugin, config, announced))
        checked.push({ config, chosen: { plugin, problems }, announced });
    }
    if (checked.length === 0) return;
    const answers = await run(
      checked.map(({ config, announced }) => this.#checked(config, announced)),
    );
    for (const [index, { config, chosen, announced }] of checked.entries()) {
      const answer = answers[index];
      if (!answer) continue;
      const problems = configProblems(chosen, config, { announced, parts }, answer);
      if (problems.length > 0) throw invalidConfiguration(problems.map(({ message }) => message));
    }
  }

  #checked(config: ConnectorConfig, announced: readonly PluginInfo[]): CheckedConfig {
    const pinned = withChosenVersions(config, [...announced, ...this.#options.parts.builtIn]);
    return { config, pinned };
  }
}

/** Of the connector, or of a transform, predicate or converter of it; what comes with this build is judged here. */
function needsCode(
  { type, validates }: PluginInfo,
  config: ConnectorConfig,
  announced: readonly PluginInfo[],
): boolean {
  if (type !== 'source' && type !== 'sink') return false;
  if (validates === true || hasReferences(config)) return true;
  if (type === 'source' && asksOfExactlyOnce(config)) return true;
  return pluginNeeds(config).some(
    (need) => newestInRange(pluginsNamed(announced, need), need.range)?.validates === true,
  );
}
