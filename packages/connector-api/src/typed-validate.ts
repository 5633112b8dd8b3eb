/** The `validate` of `defineSource` and `defineSink`: it sees typed values, so it is asked once each key is right by itself. */
import { type TypedConfigDef, validateConfig } from './config-def.ts';
import type { ConfigProblem } from './errors.ts';
import type { Validate, ValidationContext } from './plugin.ts';

export function typedValidate<Config>(
  configDef: TypedConfigDef<Config>,
  validate: (
    context: ValidationContext & { readonly config: Config },
  ) => readonly ConfigProblem[] | Promise<readonly ConfigProblem[]>,
): Validate {
  return (config, context) => {
    // They are told by whoever asks.
    if (validateConfig(configDef.keys, config).length > 0) return [];
    return validate({ ...context, config: configDef.parse(config) });
  };
}
