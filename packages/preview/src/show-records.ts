/** Records of a topic as the converters of a connector read them; what none can read is shown as it is stored. */
import { builtInConverters } from '@sluice/built-in';
import type {
  ConnectorConfig,
  Converter,
  ConverterPlugin,
  ConverterRole,
} from '@sluice/connector-api';
import { converterFor, workerConverterDefaults } from '@sluice/converters';
import { toError, withoutValues } from '@sluice/kernel';

import type { ShownPart, ShownRecord, ShownRecords, StoredRecord } from './records-messages.ts';
import { toJson } from './show-value.ts';
import { cut, showBytes } from './trace.ts';

export interface ShowRecordsOptions {
  readonly config: ConnectorConfig;
  readonly workerConfig: ConnectorConfig;
  /** Besides those that come with Sluice. */
  readonly converters: readonly ConverterPlugin[];
  /** Hidden in what is told of errors. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly topic: string;
  readonly records: readonly StoredRecord[];
}

export const roles = ['key', 'value', 'header'] as const satisfies readonly ConverterRole[];

/** Never rejects for what a converter does. */
export async function showRecords({
  config,
  converters,
  records,
  secrets,
  topic,
  workerConfig,
}: ShowRecordsOptions): Promise<ShownRecords> {
  const problems: Partial<Record<ConverterRole, string>> = {};
  const told = (error: unknown): string => withoutValues(toError(error).message, secrets);
  const shownAs = async (
    role: ConverterRole,
    stored: readonly (string | null)[],
  ): Promise<ShownPart[]> => {
    const bytes = stored.map((each) => (each === null ? null : Buffer.from(each, 'base64')));
    let converter: Converter;
    try {
      const defaults = { ...workerConverterDefaults, ...workerConfig };
      converter = converterFor(role, config, defaults, [...builtInConverters, ...converters]);
    } catch (error) {
      problems[role] = told(error);
      return bytes.map((each) => showBytes(each));
    }
    const shown: ShownPart[] = [];
    // One by one: a converter that throws at one of them says nothing of the others.
    for (const each of bytes) shown.push(await shownPart(converter, topic, each, told));
    return shown;
  };
  const headers = records.flatMap((record) => record.headers);
  const keys = await shownAs(
    'key',
    records.map(({ key }) => key),
  );
  const values = await shownAs(
    'value',
    records.map(({ value }) => value),
  );
  const ofHeaders = await shownAs(
    'header',
    headers.map(([, value]) => value),
  );
  let next = 0;
  const shown = records.map(
    (record, index): ShownRecord => ({
      key: keys[index] ?? null,
      value: values[index] ?? null,
      headers: record.headers.map(([name]) => ({ name, value: ofHeaders[next++] ?? null })),
    }),
  );
  return { records: shown, problems };
}

async function shownPart(
  converter: Converter,
  topic: string,
  bytes: Uint8Array | null,
  told: (error: unknown) => string,
): Promise<ShownPart> {
  if (bytes === null) return null;
  try {
    const { failures, values } = await converter.fromBytes({ topic, bytes: [bytes] });
    const [failure] = failures;
    if (failure) throw failure.error;
    return { length: bytes.length, json: cut(toJson(values[0] ?? null)) };
  } catch (error) {
    return { ...showBytes(bytes), length: bytes.length, error: told(error) };
  }
}
