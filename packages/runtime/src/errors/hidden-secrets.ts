/** What errors of a task say, without its secrets: dead letters and traces are for who may only read as well. */
import type { ConfigDef, ConnectorConfig } from '@sluice/connector-api';
import {
  passwordsIn,
  replaceIn,
  replacementsOf,
  secretsOf,
  withoutPasswords,
} from '@sluice/kernel';

export interface HiddenSecretsOptions {
  /** With what references stand for. */
  readonly config: ConnectorConfig;
  readonly workerConfig: ConnectorConfig;
  /** Of the connector. */
  readonly configDef: ConfigDef;
  /** Names references in place of what they stand for. */
  readonly hideReferences: (text: string) => string;
}

/** The text with the key in place of what the plugin, or the name of the key, says is a secret, also within other values. */
export function hidingSecrets({
  config,
  configDef,
  hideReferences,
  workerConfig,
}: HiddenSecretsOptions): (text: string) => string {
  const passwords = configDef.keys.flatMap(({ name, type }) => {
    const value = config[name];
    return type === 'PASSWORD' && value !== undefined ? [[name, value] as const] : [];
  });
  const replacements = [
    ...replacementsOf({
      ...secretsOf(workerConfig),
      ...secretsOf(config),
      ...Object.fromEntries(passwords),
    }),
    ...Object.entries(config).flatMap(([key, value]) =>
      passwordsIn(value).flatMap((password) => replacementsOf({ [key]: password })),
    ),
  ];
  return (text) => withoutPasswords(replaceIn(hideReferences(text), replacements));
}
