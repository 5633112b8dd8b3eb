/** The hooks of `defineSource` and `defineSink` see typed values. */
import { type TypedConfigDef, validateConfig } from './config-def.ts';
import type { ConfigProblem } from './errors.ts';
import type { AlterOffsets, Validate, ValidationContext } from './plugin.ts';

/** It is asked once each key is right by itself. */
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

export function typedAlterOffsets<Config, Offset>(
  configDef: TypedConfigDef<Config>,
  alterOffsets: (
    context: ValidationContext & { readonly config: Config; readonly offsets: readonly Offset[] },
  ) => boolean | Promise<boolean>,
): AlterOffsets<Offset> {
  return (config, offsets, context) =>
    alterOffsets({ ...context, offsets, config: configDef.parse(config) });
}
