/**
 * The records of the journal's topic. The key says what it is, the value is JSON with the `format` that it
 * is written in; without a value, what the key names is gone.
 *
 * | key | value |
 * | --- | --- |
 * | `journal` | `id` of this journal, and the cluster whose it is |
 * | `leader` | `epoch` and name of the coordinator that writes what follows |
 * | `high` | highest `ordinal` and `fence` ever given |
 * | `request` | the request that made the changes right before it, with its answer |
 * | `connector/<name>` | definition, target state, ordinals, and its tasks, if they are few |
 * | `tasks/<uid>/<epoch>/<n>` | the n-th part of a larger set, of which `connector/<name>` has the number |
 *
 * A part is written before, and removed after, what refers to it, so that a set is there as a whole or not at
 * all. Keys that are not known are left alone, and fields that are not known are kept: a newer version may
 * have written them. Another `format` is one that this version must not touch.
 */
import type { JournaledConnector, JournaledTask } from '@sluice/coordination';
import { SluiceError } from '@sluice/kernel';

const journalFormat = 1;

export interface JournalRecord {
  readonly key: string;
  /** null: gone. */
  readonly value: Readonly<Record<string, unknown>> | null;
}

export type ConnectorValue = Omit<JournaledConnector, 'tasks'> & {
  /** Of a small set. */
  readonly tasks?: readonly JournaledTask[];
  /** Of a larger one: how many, and in how many parts. */
  readonly taskCount?: number;
  readonly taskParts?: number;
};

/** Characters of the tasks in one record: a log that takes 1 MB takes them in any encoding. */
const partCharactersMax = 200_000;

export const connectorPrefix = 'connector/';
export const tasksPrefix = 'tasks/';

export function encodeConnector(
  { tasks, ...connector }: JournaledConnector,
  /** What a newer version wrote besides. */
  unknown: Readonly<Record<string, unknown>>,
): JournalRecord[] {
  const key = `${connectorPrefix}${connector.name}`;
  const parts = splitTasks(tasks);
  if (parts.length <= 1) return [{ key, value: { ...unknown, ...connector, tasks } }];
  const { uid, taskEpoch } = connector;
  return [
    ...parts.map((part, number) => ({
      key: partKey(uid, taskEpoch, number),
      value: { connector: connector.name, tasks: part },
    })),
    { key, value: { ...unknown, ...connector, taskCount: tasks.length, taskParts: parts.length } },
  ];
}

export function partKeys({ uid, taskEpoch, taskParts = 0 }: ConnectorValue): string[] {
  return Array.from({ length: taskParts }, (_, number) => partKey(uid, taskEpoch, number));
}

function partKey(uid: string, epoch: number, number: number): string {
  return `${tasksPrefix}${uid}/${epoch}/${number}`;
}

function splitTasks(tasks: readonly JournaledTask[]): JournaledTask[][] {
  const parts: JournaledTask[][] = [];
  let characters = Number.POSITIVE_INFINITY;
  for (const task of tasks) {
    const length = JSON.stringify(task).length;
    if (characters + length > partCharactersMax) {
      parts.push([]);
      characters = 0;
    }
    parts.at(-1)?.push(task);
    characters += length;
  }
  return parts;
}

const knownFields: ReadonlySet<string> = new Set([
  'format',
  'name',
  'uid',
  'version',
  'config',
  'type',
  'targetState',
  'lifecycle',
  'createdAtMs',
  'unit',
  'taskEpoch',
  'taskVersion',
  'tasks',
  'taskCount',
  'taskParts',
]);

export function unknownFields(
  value: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(value).filter(([field]) => !knownFields.has(field)));
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function encodeRecord({ key, value }: JournalRecord): {
  key: Uint8Array;
  value: Uint8Array | null;
} {
  return {
    key: encoder.encode(key),
    value: value && encoder.encode(JSON.stringify({ format: journalFormat, ...value })),
  };
}

/**
 * Undefined for what is none of ours.
 * @throws SluiceError `journal.unusable` for a record of a newer format, and for one that is not readable.
 */
export function decodeRecord(
  topic: string,
  offset: number,
  key: Uint8Array | null,
  value: Uint8Array | null,
): JournalRecord | undefined {
  if (key === null) return undefined;
  const name = decoder.decode(key);
  if (value === null) return { key: name, value };
  const isOurs = /^(journal|leader|high|request)$|^(connector|tasks)\//.test(name);
  if (!isOurs) return undefined;
  const fields = parse(value);
  if (typeof fields?.['format'] !== 'number') {
    throw unusable(
      `record '${name}' at offset ${offset} of topic '${topic}' is not a journal's: give Sluice a topic of its own (SLUICE_CONFIG_STORAGE_TOPIC)`,
    );
  }
  if (fields['format'] > journalFormat) {
    throw unusable(
      `topic '${topic}' was written by a newer Sluice (format ${fields['format']}, this one knows ${journalFormat}): update this coordinator`,
    );
  }
  return { key: name, value: fields };
}

export function unusable(message: string): SluiceError {
  return new SluiceError('journal.unusable', message);
}

/** What does not parse may contain configuration values: it is not quoted. */
function parse(value: Uint8Array): Record<string, unknown> | undefined {
  try {
    const fields: unknown = JSON.parse(decoder.decode(value));
    return typeof fields === 'object' && fields !== null
      ? (fields as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
