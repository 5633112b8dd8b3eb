/** Whether two topics say the same of the same changes. Pure but for the reading. */
import { isDeepStrictEqual } from 'node:util';
import type { FetchedRecord } from '@sluice/record-log';
import type { CapturedTopic } from './topic.ts';

/** Of the numbers of rows, one in so many is compared; of each of these all that was written. */
const sampledEvery = 97;
const differencesMax = 3;
const readLimitMs = 120_000;

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
  const [counts, histories] = await Promise.all([
    Promise.all([one.count(), other.count()]),
    Promise.all([one, other].map((topic) => historiesOf(topic, withSchemas))),
  ]);
  const [ours, theirs] = histories;
  if (counts[0] !== counts[1])
    return [`${one.name} has ${counts[0]} records, ${other.name} ${counts[1]}`];
  if (!ours?.size || !theirs) return [`${one.name} has none of the records that are compared`];
  return [...ours]
    .filter(([key, told]) => !isDeepStrictEqual(told, theirs.get(key)))
    .slice(0, differencesMax)
    .map(
      ([key, told]) =>
        `row ${key}: ${JSON.stringify(told)} in ${one.name}, ${JSON.stringify(theirs.get(key))} in ${other.name}`,
    );
}

/** By the key of the row, in the order in which they were written. */
async function historiesOf(
  topic: CapturedTopic,
  withSchemas: boolean,
): Promise<ReadonlyMap<string, readonly Told[]>> {
  const histories = new Map<string, Told[]>();
  await topic.read(0, await topic.count(), readLimitMs, ({ key, value }) => {
    const { id } = contentOf(key, withSchemas) as { readonly id: number };
    if (id % sampledEvery !== 0) return;
    const history = histories.get(String(id)) ?? [];
    histories.set(String(id), history);
    history.push(value === null ? null : toldBy(value, withSchemas));
  });
  return histories;
}

function toldBy(value: Uint8Array, withSchemas: boolean): Told {
  const { after, before, op, source } = contentOf(value, withSchemas) as Envelope;
  return [op, before, after, source['db'], source['table'], fieldsOf(value, withSchemas)];
}

function contentOf(bytes: FetchedRecord['value'], withSchemas: boolean): unknown {
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
