/** Whether two topics say the same of the same changes. Pure but for the reading. */
import { isDeepStrictEqual } from 'node:util';
import type { FetchedRecord } from '@sluice/record-log';
import type { CapturedTopic } from './topic.ts';

/** Of the numbers of rows, one in so many is compared; of each of these all that was written. */
const sampledEvery = 97;
const differencesMax = 3;
const readLimits = { limitMs: 120_000, quietMs: 2_000 };

interface Envelope {
  readonly before: unknown;
  readonly after: unknown;
  readonly op: string;
  readonly source: Readonly<Record<string, unknown>>;
}

/** What a record says of the row, apart from who wrote it and when. */
type Told = readonly unknown[] | null;

/** In words; empty if there are no differences. */
export async function differencesOf(
  one: CapturedTopic,
  other: CapturedTopic,
  withSchemas: boolean,
): Promise<readonly string[]> {
  const [ours, theirs] = await Promise.all([
    contentOf(one, withSchemas),
    contentOf(other, withSchemas),
  ]);
  if (ours.count !== theirs.count)
    return [`${one.name} has ${ours.count} records, ${other.name} ${theirs.count}`];
  if (ours.histories.size === 0) return [`${one.name} has none of the records that are compared`];
  return [...ours.histories]
    .filter(([key, told]) => !isDeepStrictEqual(told, theirs.histories.get(key)))
    .slice(0, differencesMax)
    .map(
      ([key, told]) =>
        `row ${key}: ${JSON.stringify(told)} in ${one.name}, ${JSON.stringify(theirs.histories.get(key))} in ${other.name}`,
    );
}

interface Content {
  readonly count: number;
  /** By the key of the row, in the order in which they were written. */
  readonly histories: ReadonlyMap<string, readonly Told[]>;
}

async function contentOf(topic: CapturedTopic, withSchemas: boolean): Promise<Content> {
  const histories = new Map<string, Told[]>();
  const count = await topic.read(0, readLimits, ({ key, value }) => {
    const { id } = payloadOf(key, withSchemas) as { readonly id: number };
    if (id % sampledEvery === 0) {
      const history = histories.get(String(id)) ?? [];
      histories.set(String(id), history);
      history.push(value === null ? null : toldBy(value, withSchemas));
    }
    return true;
  });
  return { count, histories };
}

function toldBy(value: Uint8Array, withSchemas: boolean): Told {
  const { after, before, op, source } = payloadOf(value, withSchemas) as Envelope;
  return [op, before, after, source['db'], source['table'], fieldsOf(value, withSchemas)];
}

function payloadOf(bytes: FetchedRecord['value'], withSchemas: boolean): unknown {
  const parsed = parse(bytes) as { readonly payload?: unknown };
  return withSchemas ? parsed.payload : parsed;
}

/** Of the row, by its schema; what connectors say of themselves in it may differ. */
function fieldsOf(bytes: Uint8Array, withSchemas: boolean): unknown {
  if (!withSchemas) return null;
  const { schema } = parse(bytes) as {
    readonly schema: { readonly fields: readonly { field: string; fields?: unknown }[] };
  };
  return schema.fields.find(({ field }) => field === 'after')?.fields;
}

function parse(bytes: FetchedRecord['value']): unknown {
  return JSON.parse(new TextDecoder().decode(bytes ?? undefined));
}
