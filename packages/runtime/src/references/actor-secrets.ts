/** What the references of one actor stand for: known here once they were resolved, and told to nobody but the plugin. */
import type { ConnectorConfig } from '@sluice/connector-api';
import { hidingLogger, type Logger, withoutValues } from '@sluice/kernel';

import type { ResolveConfig, ResolvedConfig } from './resolve-config.ts';

export class ActorSecrets {
  readonly #resolve: ResolveConfig;
  /** By reference. It grows: what was resolved before may still be quoted by what runs. */
  readonly #values: Record<string, string> = {};

  constructor(resolve: ResolveConfig) {
    this.#resolve = resolve;
  }

  /** @throws ConfigError that names what a reference does not stand for. */
  readonly resolve = async (config: ConnectorConfig): Promise<ResolvedConfig> => {
    const resolved = await this.#resolve(config);
    Object.assign(this.#values, resolved.values);
    return resolved;
  };

  /** The text with references in place of what they stand for. */
  readonly hide = (text: string): string => withoutValues(text, this.#values);

  hidingLogger(logger: Logger): Logger {
    return hidingLogger(logger, this.#values);
  }
}
