/**
 * Puts values in place of references. Only where a connector runs or is tried: what comes out of here is given to its
 * code, and is not stored, sent or logged.
 */
import {
  ConfigError,
  type ConfigProblem,
  type ConfigReference,
  type ConnectorConfig,
  hasReference,
  referencesIn,
  replaceReferences,
} from '@sluice/connector-api';
import { isRetriable, systemClock, toError } from '@sluice/kernel';

import type { ConfigProvider } from './config-provider.ts';

export interface ResolvedConfig {
  readonly config: ConnectorConfig;
  /** What was put in, by reference without its braces: what must not be shown. */
  readonly values: Readonly<Record<string, string>>;
}

/** @throws ConfigError that names every reference that stands for nothing; no value is quoted. */
export type ResolveConfig = (config: ConnectorConfig) => Promise<ResolvedConfig>;

/** For one provider: files may be on a disk that does not answer. */
const limitMsDefault = 5_000;
/** What is needed, or shown to others, before anything is resolved. */
const plainKeys = new Set(['name', 'connector.class', 'consumer.override.group.id']);

export class ConfigResolver {
  readonly #providers: ReadonlyMap<string, ConfigProvider>;
  readonly #limitMs: number;

  constructor(providers: ReadonlyMap<string, ConfigProvider>, limitMs = limitMsDefault) {
    this.#providers = providers;
    this.#limitMs = limitMs;
  }

  readonly resolve: ResolveConfig = async (config) => {
    const found = new Map<string, string>();
    const problems: ConfigProblem[] = [];
    const wanted = Object.entries(config).flatMap(([key, value]) =>
      hasReference(value) ? referencesIn(value).map((reference) => ({ key, reference })) : [],
    );
    for (const { key, reference } of wanted) {
      if (plainKeys.has(key) || key.startsWith('sluice.'))
        problems.push(problem(key, reference, 'this key cannot hold a reference'));
    }
    const byPlace = Map.groupBy(wanted, ({ reference: { provider, path } }) =>
      JSON.stringify([provider, path]),
    );
    for (const same of byPlace.values()) problems.push(...(await this.#lookUp(same, found)));
    if (problems.length > 0) throw new ConfigError(problems);
    return { config: replaced(config, found), values: valuesOf(found) };
  };

  async close(): Promise<void> {
    for (const provider of this.#providers.values()) await provider.close?.();
  }

  /** What all of them want is at one place. @throws what is worth trying again. */
  async #lookUp(
    wanted: readonly { readonly key: string; readonly reference: ConfigReference }[],
    found: Map<string, string>,
  ): Promise<ConfigProblem[]> {
    const [first] = wanted;
    if (!first) return [];
    const { path, provider: name } = first.reference;
    const provider = this.#providers.get(name);
    if (!provider) {
      const known = [...this.#providers.keys()].join(', ') || 'none';
      const reason = `there is no config provider ${name} here, but: ${known}. Add it to SLUICE_CONFIG_PROVIDERS, or correct the reference`;
      return wanted.map(({ key, reference }) => problem(key, reference, reason));
    }
    const keys = [...new Set(wanted.map(({ reference }) => reference.key))];
    let values: ReadonlyMap<string, string>;
    try {
      values = await limited(provider.get(path, keys), `provider ${name}`, this.#limitMs);
    } catch (error) {
      if (isRetriable(error)) throw error;
      const reason = toError(error).message;
      return wanted.map(({ key, reference }) => problem(key, reference, reason));
    }
    const problems: ConfigProblem[] = [];
    for (const { key, reference } of wanted) {
      const value = values.get(reference.key);
      if (value !== undefined) found.set(reference.text, value);
      else {
        const where = path === '' ? '' : ` at ${path}`;
        problems.push(
          problem(key, reference, `config provider ${name} has no ${reference.key}${where}`),
        );
      }
    }
    return problems;
  }
}

/** For whoever has no providers: a reference is refused. */
export const resolveNothing: ResolveConfig = new ConfigResolver(new Map()).resolve;

function problem(key: string, { text }: ConfigReference, reason: string): ConfigProblem {
  return { key, message: `Invalid value ${text} for configuration ${key}: ${reason}` };
}

function replaced(config: ConnectorConfig, found: ReadonlyMap<string, string>): ConnectorConfig {
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) => [
      key,
      hasReference(value) ? replaceReferences(value, ({ text }) => found.get(text) ?? text) : value,
    ]),
  );
}

/** As code gets them: keys are parsed without the space around them, and files end with a line's end. */
function valuesOf(found: ReadonlyMap<string, string>): Record<string, string> {
  return Object.fromEntries(
    Array.from(found, ([text, value]) => [text.slice(2, -1), value.trim()]),
  );
}

async function limited<Value>(work: Promise<Value>, what: string, limitMs: number): Promise<Value> {
  const limit = Promise.withResolvers<never>();
  const timer = systemClock.after(limitMs, () =>
    limit.reject(new Error(`${what} did not answer within ${String(limitMs)} ms`)),
  );
  try {
    return await Promise.race([work, limit.promise]);
  } finally {
    timer.cancel();
  }
}
