/**
 * Which config providers there are, from the environment of a process. Kafka Connect's worker settings, spelt as all
 * of Sluice's that have names of their own in them: `config.providers.file.param.allowed.paths` is
 * `SLUICE_CONFIG_PROVIDERS_FILE_PARAM_ALLOWED_PATHS`.
 */
import { ConfigError } from '@sluice/connector-api';
import { type SettingsReader, settingKey, settingName, toError } from '@sluice/kernel';

import { checkedProvider, isProviderClass, providerClasses } from './create-provider.ts';
import { parseSecretKeys } from './secrets/encryption.ts';

/** Structured-clonable. With keys and passwords: not to be logged. */
export interface ProviderSettings {
  readonly providers: readonly ProviderDefinition[];
  readonly secrets: {
    readonly redisUrl: string;
    readonly cluster: string;
    /** As in the environment; empty: none. */
    readonly keys: string;
  };
}

export interface ProviderDefinition {
  readonly name: string;
  readonly class: string;
  readonly params: Readonly<Record<string, string>>;
}

export const noProviders: ProviderSettings = {
  providers: [],
  secrets: { redisUrl: '', cluster: '', keys: '' },
};

export const providerSettingsHelp = `  SLUICE_CONFIG_PROVIDERS                               config.providers: names that references in definitions
                                                        begin with, comma-separated: env,file,directory,secrets
  SLUICE_CONFIG_PROVIDERS_<NAME>_CLASS                  config.providers.<name>.class, for other names
  SLUICE_CONFIG_PROVIDERS_<NAME>_PARAM_<KEY>            …_FILE_PARAM_ALLOWED_PATHS=/run/secrets (also DIRECTORY),
                                                        …_ENV_PARAM_ALLOWLIST_PATTERN=DB_.*
  SLUICE_SECRETS_KEYS                                   <id>:<32 bytes in base64>, comma-separated; the first
                                                        encrypts secrets, all decrypt`;

const prefix = 'SLUICE_CONFIG_PROVIDERS';

/** What cannot be used becomes a problem of the reader. */
export function readProviderSettings(
  settings: SettingsReader,
  { cluster, redisUrl }: { readonly cluster: string; readonly redisUrl: string },
): ProviderSettings {
  const secrets = { redisUrl, cluster, keys: readSecretKeys(settings) };
  const names = settings.list(prefix);
  const given = settings.startingWith(`${prefix}_`);
  const used = new Set<string>();
  const providers = names.flatMap((name) => {
    if (!/^[\w.-]+$/.test(name)) {
      settings.problem(`${prefix} has the name ${name}: take letters, digits, ".", "-" and "_"`);
      return [];
    }
    const definition = definitionOf(name, given, used);
    if ('problem' in definition) {
      settings.problem(definition.problem);
      return [];
    }
    try {
      checkedProvider(definition, secrets);
    } catch (error) {
      const texts =
        error instanceof ConfigError
          ? error.problems.map(({ message }) => message)
          : [toError(error).message];
      for (const text of texts) settings.problem(`${prefix} ${name}: ${text}`);
    }
    return [definition];
  });
  for (const rest of Object.keys(given).filter((each) => !used.has(each)))
    settings.problem(
      `${prefix}_${rest} is not used: ${prefix} must name the provider, and then follows _CLASS or _PARAM_<KEY>`,
    );
  return { providers, secrets };
}

function definitionOf(
  name: string,
  given: Readonly<Record<string, string>>,
  used: Set<string>,
): ProviderDefinition | { readonly problem: string } {
  const own = settingName(name);
  const classSetting = `${own}_CLASS`;
  const paramPrefix = `${own}_PARAM_`;
  const params: Record<string, string> = {};
  for (const [rest, value] of Object.entries(given)) {
    if (rest === classSetting) used.add(rest);
    if (!rest.startsWith(paramPrefix)) continue;
    used.add(rest);
    params[settingKey(rest.slice(paramPrefix.length))] = value;
  }
  const className = given[classSetting] ?? providerClasses.get(name);
  if (className !== undefined && isProviderClass(className))
    return { name, class: className, params };
  const known = [...providerClasses.values()].join(', ');
  return {
    problem:
      className === undefined
        ? `${prefix}_${classSetting} is missing: take one of ${known}`
        : `${prefix}_${classSetting}=${className} is not one of ${known}`,
  };
}

function readSecretKeys(settings: SettingsReader): string {
  const text = settings.optional('SLUICE_SECRETS_KEYS');
  if (text === undefined) return '';
  const parsed = parseSecretKeys(text);
  if ('problem' in parsed) settings.problem(`SLUICE_SECRETS_KEYS ${parsed.problem}`);
  return text;
}
