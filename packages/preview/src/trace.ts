/** One record through the transforms and converters of a definition, with what each of them makes of it. */
import { builtInPreviewConverters } from '@sluice/built-in';
import {
  type ConnectorConfig,
  type Converter,
  type ConverterRole,
  parseConfigValue,
  type Schema,
  type SourceRecord,
} from '@sluice/connector-api';
import { converterFor, workerConverterDefaults } from '@sluice/converters';
import { toError } from '@sluice/kernel';
import { type DefinitionPlugins, transformationPlugins } from '@sluice/runtime';
import { type TransformationChain, transformationChain } from '@sluice/transforms';

import type { ShownSchema, ShownState, ShownStep } from './messages.ts';
import { toJson } from './show-value.ts';

/** More of one value nobody reads. */
const shownCharactersMax = 4_096;
const shownBytesMax = 1_024;

type Part = readonly [ConverterRole, Converter, value: unknown, schema: Schema | undefined];

interface Stage {
  readonly alias: string;
  readonly chain: TransformationChain;
}

export type PreviewParts = Omit<DefinitionPlugins, 'connector'>;

export const noParts: PreviewParts = { transforms: [], predicates: [], converters: [] };

export class Tracer {
  readonly #stages: readonly Stage[];
  readonly #key: Converter;
  readonly #value: Converter;
  readonly #header: Converter;
  /** What a converter would have registered since it was last asked. */
  #unregistered: ShownSchema[] = [];
  /** The records of all tasks, one after the other. */
  #turn: Promise<unknown> = Promise.resolve();

  /** @throws ConfigError or SluiceError that names what is wrong with a transform or converter. */
  constructor(
    config: ConnectorConfig,
    workerConfig: ConnectorConfig = {},
    parts: PreviewParts = noParts,
  ) {
    const parsed = parseConfigValue('LIST', config['transforms'] ?? '');
    const aliases =
      'value' in parsed && Array.isArray(parsed.value) ? parsed.value.map(String) : [];
    // A chain of one for each, so that each result is seen.
    this.#stages = aliases.map((alias) => ({
      alias,
      chain: transformationChain({ ...config, transforms: alias }, transformationPlugins(parts)),
    }));
    const plugins = [
      ...builtInPreviewConverters(({ subject, schemaType: type, schema }) =>
        this.#unregistered.push({ subject, type, schema: cut(schema) }),
      ),
      ...parts.converters,
    ];
    const converterOf = (role: ConverterRole): Converter =>
      converterFor(role, config, { ...workerConverterDefaults, ...workerConfig }, plugins);
    this.#key = converterOf('key');
    this.#value = converterOf('value');
    this.#header = converterOf('header');
  }

  trace(record: SourceRecord): Promise<ShownStep[]> {
    const traced = this.#turn.then(() => this.#trace(record));
    this.#turn = traced.catch(() => {});
    return traced;
  }

  async #trace(record: SourceRecord): Promise<ShownStep[]> {
    const steps: ShownStep[] = [];
    let current = record;
    for (const { alias, chain } of this.#stages) {
      const { failures, records } = await chain.apply([current]);
      const [failure] = failures;
      const [next] = records;
      const step = { name: alias, kind: 'transform' } as const;
      if (failure) return [...steps, { ...step, result: 'failed', error: failure.error.message }];
      if (!next) return [...steps, { ...step, result: 'filtered' }];
      steps.push(
        next === current
          ? { ...step, result: 'unchanged' }
          : { ...step, result: 'changed', after: showState(next) },
      );
      current = next;
    }
    return [...steps, ...(await this.#convert(current))];
  }

  async close(): Promise<void> {
    for (const { chain } of this.#stages) await chain.close();
  }

  async #convert(record: SourceRecord): Promise<ShownStep[]> {
    const { headers = [], key, keySchema, topic, value, valueSchema } = record;
    const parts: Part[] = [
      ['key', this.#key, key, keySchema],
      ['value', this.#value, value, valueSchema],
    ];
    for (const header of headers) parts.push(['header', this.#header, header.value, header.schema]);
    const steps: ShownStep[] = [];
    for (const [name, converter, of, schema] of parts) {
      const step = { name, kind: 'converter' } as const;
      try {
        const { bytes, failures } = await converter.toBytes({
          topic,
          values: [of ?? null],
          ...(schema ? { schemas: [schema] } : {}),
        });
        const [failure] = failures;
        if (failure) throw failure.error;
        const shown = showBytes(bytes[0] ?? null);
        steps.push({ ...step, result: 'changed', bytes: shown, ...this.#takeUnregistered() });
      } catch (error) {
        const { message } = toError(error);
        const failed = { ...step, result: 'failed', error: message } as const;
        return [...steps, { ...failed, ...this.#takeUnregistered() }];
      }
    }
    return steps;
  }

  #takeUnregistered(): Pick<ShownStep, 'registers'> {
    const registers = this.#unregistered;
    this.#unregistered = [];
    return registers.length > 0 ? { registers } : {};
  }
}

export function showState({ headers = [], key, topic, value }: SourceRecord): ShownState {
  const named = headers.map((header) => ({ [header.name]: header.value }));
  return { topic, key: cut(toJson(key)), value: cut(toJson(value)), headers: cut(toJson(named)) };
}

export function cut(text: string): string {
  return text.length > shownCharactersMax ? `${text.slice(0, shownCharactersMax)}…` : text;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function showBytes(bytes: Uint8Array | null): NonNullable<ShownStep['bytes']> | null {
  if (bytes === null) return null;
  const { length } = bytes;
  try {
    const text = utf8.decode(bytes);
    // Control characters would not show what is there.
    // oxlint-disable-next-line no-control-regex -- that is what is looked for
    if (!/[\u0000-\u0008\u000e-\u001f]/.test(text)) return { length, text: cut(text) };
  } catch {
    // Not text.
  }
  const shown = Buffer.from(bytes.subarray(0, shownBytesMax)).toString('hex');
  return { length, hex: length > shownBytesMax ? `${shown}…` : shown };
}
