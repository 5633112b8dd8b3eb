/** What is wrong with a definition, key by key, in the words of the REST API. */
import { builtInConverters } from '@sluice/built-in';
import { hasReference, parseVersionRange } from '@sluice/connector-api';
import { converterFor, findConverter, workerConverterDefaults } from '@sluice/converters';
import type { Definition } from '@sluice/coordination';
import { toError } from '@sluice/kernel';
import type { ConfigInfos } from '@sluice/rest-api';

import type { LocalApi } from '../api-session.ts';
import { CliError, exitCodes } from '../exit-codes.ts';

export interface KeyErrors {
  readonly key: string;
  readonly messages: readonly string[];
}

export async function validateDefinition(
  api: LocalApi,
  { name, config }: Definition,
): Promise<readonly KeyErrors[]> {
  const className = encodeURIComponent(config['connector.class'] ?? '');
  const path = `/connector-plugins/${className}/config/validate`;
  try {
    const infos = (await api.request('PUT', path, { ...config, name })) as ConfigInfos;
    const errors = infos.configs.flatMap(({ value: { name: key, errors: messages } }) =>
      messages.length === 0 ? [] : [{ key, messages }],
    );
    const told = new Set(errors.map(({ key }) => key));
    return [...errors, ...converterErrors(config).filter(({ key }) => !told.has(key))];
  } catch (error) {
    const isUnreachable = error instanceof CliError && error.exitCode === exitCodes.unreachable;
    if (!(error instanceof CliError) || isUnreachable) throw error;
    // What says that there is no such plugin is about its key.
    return [{ key: 'connector.class', messages: [error.message] }];
  }
}

/** Whether those converters can be made of their keys whose code is here. The API has judged the others by their keys. */
function converterErrors(config: Definition['config']): KeyErrors[] {
  return (['key', 'value', 'header'] as const).flatMap((role) => {
    const key = `${role}.converter`;
    if (!isBuiltIn(config, key)) return [];
    // What a reference stands for is known where connectors run.
    if (Object.entries(config).some(([name, value]) => name.startsWith(key) && hasReference(value)))
      return [];
    try {
      converterFor(role, config, workerConverterDefaults, builtInConverters);
      return [];
    } catch (error) {
      return [{ key, messages: [toError(error).message] }];
    }
  });
}

function isBuiltIn(config: Definition['config'], key: string): boolean {
  const type = key === 'header.converter' ? 'header_converter' : 'converter';
  const wanted = parseVersionRange(config[`${key}.plugin.version`]);
  const className = config[key]?.trim();
  return (
    className !== undefined &&
    'range' in wanted &&
    findConverter(className, type, builtInConverters, wanted.range) !== undefined
  );
}
