/**
 * Whatever bytes a converter is given, whichever it is: a value or a clear error for each record, never an exception, and
 * never at the cost of the records beside it. All that there are, so that none is forgotten.
 */
import { type ConverterPlugin, DataError } from '@sluice/connector-api';
import { anySchemaAndValue } from '@sluice/connector-api/arbitraries';
import { converterPlugins, createConverter } from '@sluice/converters';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { schemaRegistryConverters } from '../src/index.ts';
import { PlayedRegistry } from './played-registry.ts';

const plugins = [...converterPlugins, ...schemaRegistryConverters];
const registry = new PlayedRegistry();
let server: Awaited<ReturnType<PlayedRegistry['listen']>>;

beforeAll(async () => {
  server = await registry.listen();
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

function converterOf({ class: name, configKeys, types }: ConverterPlugin) {
  const needsRegistry = configKeys.some((key) => key.name === 'schema.registry.url');
  const config = needsRegistry ? { 'schema.registry.url': server.url } : {};
  const role = types.includes('converter') ? 'value' : 'header';
  return createConverter(name, config, role, plugins);
}

/** In the middle of what a converter wrote, or at its end. */
const damages = fc.record({ at: fc.nat(), byte: fc.nat({ max: 255 }), rest: fc.uint8Array() });

function damaged(
  bytes: Uint8Array,
  { at, byte, rest }: { at: number; byte: number; rest: Uint8Array },
): Uint8Array[] {
  const changed = Buffer.from(bytes);
  if (changed.length > 0) changed[at % changed.length] = byte;
  const cut = changed.length === 0 ? changed : bytes.subarray(0, at % changed.length);
  return [changed, cut, Buffer.concat([bytes, rest])];
}

/** Without end, for readers that call themselves. */
const nested = ['[', '{"a":', '{"schema":{"type":"array","items":', '{"payload":['].map((opening) =>
  Buffer.from(opening.repeat(50_000)),
);

test.each(plugins.map((plugin) => [plugin.class, plugin] as const))(
  '%s',
  { timeout: 60_000 },
  async (_name, plugin) => {
    const converter = converterOf(plugin);
    await fc.assert(
      fc.asyncProperty(
        fc.option(anySchemaAndValue, { nil: undefined }),
        fc.array(fc.uint8Array({ maxLength: 80 }), { minLength: 1, maxLength: 5 }),
        damages,
        async (data, noise, damage) => {
          const written = await converter.toBytes({
            topic: 't',
            values: [data ? data.value : 'text'],
            ...(data ? { schemas: [data.schema] } : {}),
          });
          for (const { error } of written.failures) expect(error).toBeInstanceOf(DataError);
          const [good = null] = written.bytes;
          const bad = [...noise, ...nested, ...(good ? damaged(good, damage) : [])];
          const alone = await converter.fromBytes({ topic: 't', bytes: [good] });
          const all = await converter.fromBytes({ topic: 't', bytes: [...bad, good] });
          expect(all.values).toHaveLength(bad.length + 1);
          expect(all.values.at(-1)).toEqual(alone.values[0]);
          for (const { error, index } of all.failures) {
            expect(error).toBeInstanceOf(DataError);
            expect(error.message).not.toBe('');
            expect(all.values[index]).toBeNull();
          }
        },
      ),
      { numRuns: 50 },
    );
  },
);
