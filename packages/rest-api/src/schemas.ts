/** What requests may contain. These schemas are the documentation of the API, and what checks it. */
import {
  auditOutcomes,
  type Definition,
  invalidConfigurationMessage,
  lineLevels,
  type TargetState,
} from '@sluice/coordination';
import { stringifyExactJson } from '@sluice/kernel';
import { z } from 'zod';

import { ApiError } from './api-error.ts';

/** Configuration values are strings; numbers and booleans become what was typed, null means unset. */
const configValue = z.union([z.string(), z.number(), z.boolean(), z.null()], {
  error: 'must be a string, a number or a boolean',
});

export const configSchema = z
  .record(z.string(), configValue, { error: 'must be an object of keys and values' })
  .transform((values): Record<string, string> => {
    const given = Object.entries(values).filter(([, value]) => value !== null);
    return Object.fromEntries(given.map(([key, value]) => [key, String(value)]));
  })
  .meta({ description: 'Configuration of a connector: a flat map' });

/** `PATCH /connectors/{name}/config`: null deletes a key. */
export const configPatchSchema = z
  .record(z.string(), configValue, { error: 'must be an object of keys and values' })
  .transform((values): Record<string, string | null> => {
    const entries = Object.entries(values);
    return Object.fromEntries(
      entries.map(([key, value]) => [key, value === null ? null : String(value)]),
    );
  })
  .meta({ description: 'Keys to set; those that are null are deleted' });

const targetStates: Readonly<Record<string, TargetState>> = {
  RUNNING: 'STARTED',
  PAUSED: 'PAUSED',
  STOPPED: 'STOPPED',
};

const initialStateSchema = z
  .string({ error: 'must be RUNNING, PAUSED or STOPPED' })
  .transform((text) => text.toUpperCase())
  .pipe(z.enum(['RUNNING', 'PAUSED', 'STOPPED'], { error: 'must be RUNNING, PAUSED or STOPPED' }))
  .transform((state): TargetState => targetStates[state] ?? 'STARTED')
  .meta({ description: 'State to create the connector in; ignored when it exists' });

const nestedDefinitionSchema = z.strictObject(
  {
    name: z
      .union([z.string(), z.number(), z.boolean()], { error: 'must be a string' })
      .transform(String)
      .nullish(),
    config: configSchema,
    initial_state: initialStateSchema.nullish(),
  },
  { error: (issue) => (issue.code === 'invalid_type' ? 'must be an object' : undefined) },
);

/** `POST /connectors`. */
export const createConnectorSchema = nestedDefinitionSchema.transform((given): Definition => {
  const definition = definitionOf(given);
  if (definition) return definition;
  throw invalidConfiguration(['Missing required configuration "name" which has no default value.']);
});

const flatDefinitionSchema = configSchema.transform((config) => ({
  config,
  name: undefined,
  initial_state: undefined,
}));

/** Kafka Connect's two shapes: `{name, config}`, or a flat map with `name` among its keys. */
const eitherShapeSchema = z
  .unknown()
  .transform((value, context): z.output<typeof nestedDefinitionSchema> => {
    const parsed = (isFlat(value) ? flatDefinitionSchema : nestedDefinitionSchema).safeParse(value);
    if (parsed.success) return parsed.data;
    for (const { message, path } of parsed.error.issues) {
      context.addIssue({ code: 'custom', message, path: [...path] });
    }
    return z.NEVER;
  });

const anyDefinitionSchema = eitherShapeSchema.transform((given, context): Definition => {
  const definition = definitionOf(given);
  if (definition) return definition;
  context.addIssue({ code: 'custom', message: 'is missing', path: ['name'] });
  return z.NEVER;
});

/** `POST /sluice/preview`: a definition in either shape, which needs no name. */
export const previewSchema = eitherShapeSchema.transform(
  (given): Definition => definitionOf(given) ?? namedDefinition('preview', given.config),
);

const previewRecordsMax = 1_000;
const previewTimeoutMsMax = 60_000;

export const previewQuerySchema = z.object({
  records: wholeNumber(1, previewRecordsMax)
    .default(10)
    .meta({ description: 'Ends after so many records' }),
  timeoutMs: wholeNumber(1, previewTimeoutMsMax)
    .default(10_000)
    .meta({ description: 'Ends after this time, with what came' }),
});

const primitive = z.union([z.string(), z.number(), z.bigint(), z.boolean(), z.null()], {
  error: 'must be a string, a number, a boolean or null',
});
const offsetFields = z.record(z.string(), primitive, {
  error: 'must be an object of keys and values',
});

/** `PATCH /connectors/{name}/offsets`. */
export const alterOffsetsSchema = z
  .strictObject(
    {
      offsets: z
        .array(
          z.strictObject(
            {
              partition: offsetFields.nullish(),
              offset: offsetFields.nullish(),
            },
            { error: (issue) => (issue.code === 'invalid_type' ? 'must be an object' : undefined) },
          ),
          { error: 'must be an array' },
        )
        .nullish()
        .meta({ description: 'An offset that is null is reset' }),
    },
    { error: (issue) => (issue.code === 'invalid_type' ? 'must be an object' : undefined) },
  )
  .nullish()
  .transform((body) => {
    const offsets = body?.offsets ?? [];
    if (offsets.length === 0) {
      throw new ApiError(
        400,
        'Partitions / offsets need to be provided for an alter offsets request',
      );
    }
    const names = offsets.map(({ partition }) =>
      stringifyExactJson(Object.entries(partition ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1))),
    );
    if (new Set(names).size < names.length) throw new ApiError(400, 'A partition is given twice');
    return offsets.map(({ partition, offset }) => ({
      partition: partition ?? null,
      offset: offset ?? null,
    }));
  });

export type AlterOffsets = z.output<typeof alterOffsetsSchema>;

/** `PUT /admin/loggers/{logger}`. */
export const loggerLevelSchema = z
  .object(
    { level: z.string({ error: 'must be a text' }).nullish() },
    { error: 'must be an object' },
  )
  .meta({ description: 'ALL, TRACE, DEBUG, INFO, WARN, ERROR, FATAL or OFF' });

/** `PUT /sluice/apply`; a bare array of definitions will do. */
export const applySchema = z.preprocess(
  (body) => (Array.isArray(body) ? { definitions: body } : body),
  z.strictObject(
    {
      definitions: z
        .array(anyDefinitionSchema, { error: 'must be an array of definitions' })
        .min(1, { error: 'must contain at least one definition' }),
      mode: z
        .enum(['create', 'update', 'upsert'], { error: 'must be create, update or upsert' })
        .default('upsert')
        .meta({ description: '`create` refuses existing names, `update` missing ones' }),
      dryRun: z
        .boolean({ error: 'must be true or false' })
        .default(false)
        .meta({ description: 'Tells what would be done and does nothing' }),
      expectedVersion: z.int({ error: 'must be a whole number' }).optional().meta({
        description: 'Refused if the connector is at another version; one definition only',
      }),
    },
    {
      error: (issue) =>
        issue.code === 'invalid_type' ? 'must be an object or an array' : undefined,
    },
  ),
);

/** `GET /sluice/events`. */
export const eventsQuerySchema = z.object({
  limit: wholeNumber(1, 1_000).default(100).meta({ description: 'How many, newest first' }),
  before: entryId('event').meta({ description: 'Only what happened before the event of this id' }),
  type: z
    .string()
    .optional()
    .meta({ description: 'A type, or its beginning: worker, unit, unit.failed' }),
  connector: z.string().optional(),
  worker: z.string().optional(),
  unit: z.string().optional().meta({ description: 'connector/orders or task/orders/3' }),
  text: z
    .string()
    .max(200)
    .optional()
    .meta({ description: 'Words, all of which are in its type or its message' }),
});

/** `GET /sluice/logs`. */
export const logsQuerySchema = z.object({
  limit: wholeNumber(1, 1_000).default(100).meta({ description: 'How many, newest first' }),
  before: entryId('entry').meta({ description: 'Only what is older: `next` of the page before' }),
  connector: z.string().optional(),
  task: wholeNumber(0, 1_000_000).optional(),
  worker: z.string().optional(),
  level: z.enum(lineLevels).optional().meta({ description: 'This one and what is graver' }),
});

/** Of `partition:offset`, for some hundred partitions. */
const placesCharactersMax = 8_000;

const places = z
  .string()
  .max(placesCharactersMax)
  .regex(/^\d{1,7}:\d{1,16}(,\d{1,7}:\d{1,16})*$/, 'must be `next` of the page before');

/** `GET /sluice/dead-letters`. */
export const deadLettersQuerySchema = z.object({
  topic: z.string().optional().meta({ description: 'A queue to look into; else all are listed' }),
  limit: wholeNumber(1, 500).default(50).meta({ description: 'How many letters, newest first' }),
  before: places.optional().meta({ description: 'Only what is older: `next` of the page before' }),
});

const letterPlace = z.strictObject({
  partition: wholeNumber(0, 1_000_000),
  offset: wholeNumber(0, Number.MAX_SAFE_INTEGER),
});

/** `POST /sluice/dead-letters/replay`. */
export const replaySchema = z.strictObject({
  topic: z.string().min(1, 'must not be empty').meta({ description: 'The queue' }),
  letters: z
    .array(letterPlace)
    .min(1)
    .max(1_000)
    .optional()
    .meta({ description: 'Only these; else all that were not replayed' }),
  again: z.boolean().optional().meta({ description: 'Also those that were replayed' }),
  to: z.string().min(1).optional().meta({ description: 'Instead of the topic that each is from' }),
  dry_run: z.boolean().default(false),
});

/** `POST /sluice/plan`: what the cluster would be like. */
export const planSchema = z
  .strictObject({
    workers: z
      .strictObject({
        add: wholeNumber(0, 1_000).default(0).meta({ description: 'So many of the kind there is' }),
        remove: z.array(z.string()).max(1_000).default([]).meta({ description: 'Names' }),
      })
      .default({ add: 0, remove: [] }),
  })
  .nullish()
  .transform((body) => body ?? { workers: { add: 0, remove: [] } });

/** NaN for what is none; JavaScript reads all kinds of texts as times. */
function isoTimeMs(text: string): number {
  return /^\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d))?$/.test(text) ? Date.parse(text) : Number.NaN;
}

const time = z
  .string()
  .transform((text) => (/^\d{1,15}$/.test(text) ? Number(text) : isoTimeMs(text)))
  .refine((ms) => Number.isSafeInteger(ms), 'must be a time, as 2026-11-30T12:00:00Z')
  .optional();

/** `GET /sluice/lag`. */
export const lagQuerySchema = z.object({ connector: z.string().min(1, 'must not be empty') });

/** `GET /sluice/records`. */
export const recordsQuerySchema = z
  .object({
    connector: z
      .string()
      .min(1, 'must not be empty')
      .meta({ description: 'Whose converters read it' }),
    topic: z.string().min(1, 'must not be empty').meta({ description: 'One of the connector' }),
    limit: wholeNumber(1, 500)
      .default(50)
      .meta({ description: 'How many at most; also bounded by about a megabyte' }),
    partition: wholeNumber(0, 1_000_000).optional().meta({ description: 'Only this one' }),
    before: places
      .optional()
      .meta({ description: 'The newest that are older: `next` of the page before' }),
    from: places.optional().meta({
      description: 'From offsets on, as `0:12,3:40`; partitions that are not named are left out',
    }),
    since: time.meta({ description: 'What is not older than a time' }),
  })
  .refine(
    ({ before, from, since }) =>
      [before, from, since].filter((each) => each !== undefined).length <= 1,
    'takes one of before, from and since',
  );

/** `GET /sluice/audit`. */
export const auditQuerySchema = z.object({
  limit: wholeNumber(1, 1_000).default(100).meta({ description: 'How many, newest first' }),
  before: entryId('entry').meta({ description: 'Only what is older: `next` of the page before' }),
  since: time,
  until: time,
  who: z.string().optional(),
  action: z.string().optional(),
  target: z.string().optional(),
  outcome: z.enum(auditOutcomes).optional(),
});

const secretText = z.string({ error: 'must be a string' }).min(1, 'must not be empty').max(16_384);

/** `POST /sluice/session`: becomes what a program would send with each request. */
export const signInSchema = z
  .union(
    [
      z.strictObject({
        username: secretText.regex(/^[^:]*$/, 'has no colon'),
        password: secretText,
      }),
      z.strictObject({ token: secretText.regex(/^\S+$/, 'has no blanks') }),
    ],
    { error: 'must be {username, password} or {token}' },
  )
  .transform((given) =>
    'token' in given
      ? `Bearer ${given.token}`
      : `Basic ${Buffer.from(`${given.username}:${given.password}`).toString('base64')}`,
  );

/** `GET /sluice/tasks`. */
export const tasksQuerySchema = z.object({
  connector: z.string().optional(),
  worker: z.string().optional(),
  state: z
    .string()
    .transform((text) => text.toUpperCase())
    .optional()
    .meta({ description: 'RUNNING, FAILED, PAUSED, UNASSIGNED, RESTARTING or STOPPED' }),
});

function entryId(what: string) {
  return z
    .string()
    .regex(/^\d{1,15}-\d{1,10}$/, `must be the id of an ${what}`)
    .optional();
}

function wholeNumber(min: number, max: number) {
  const error = `must be a whole number from ${min} to ${max}`;
  return z.coerce
    .number({ error })
    .int({ error })
    .min(min, { error: `must be at least ${min}` })
    .max(max, { error: `must be at most ${max}` });
}

function isFlat(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const config = 'config' in value ? value.config : undefined;
  return (typeof config !== 'object' || config === null) && 'connector.class' in value;
}

/** Without a name, here or in the configuration: undefined. */
function definitionOf(given: z.output<typeof nestedDefinitionSchema>): Definition | undefined {
  const name = (given.name ?? given.config.name ?? '').trim();
  if (name === '') return undefined;
  return namedDefinition(name, given.config, given.initial_state ?? undefined);
}

/** @throws ApiError 400 when the configuration says another name, or is not Unicode. */
export function namedDefinition(
  name: string,
  config: Record<string, string>,
  initialState?: TargetState,
): Definition {
  if (config.name !== undefined && config.name !== name) {
    throw new ApiError(
      400,
      `Connector name configuration (${config.name}) doesn't match connector name in the URL (${name})`,
    );
  }
  const named = { ...config, name };
  const broken = Object.entries(named).filter(([key, value]) => !`${key}=${value}`.isWellFormed());
  if (broken.length > 0) {
    throw invalidConfiguration(broken.map(([key]) => notUnicode(key.toWellFormed())));
  }
  return { name, config: named, ...(initialState && { initialState }) };
}

/** UTF-8 has no such text: what is stored would be another name or value than was sent. */
function notUnicode(key: string): string {
  return `Invalid value for configuration ${key}: it contains half of a surrogate pair, which is no character`;
}

export function invalidConfiguration(errors: readonly string[]): ApiError {
  return new ApiError(400, invalidConfigurationMessage(errors), { extra: { errors } });
}
