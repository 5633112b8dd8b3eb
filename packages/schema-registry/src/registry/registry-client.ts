/**
 * A Schema Registry by its REST API: what converters ask it, and what they remember of it. What an id, or a
 * version of a subject, stands for never changes; the latest version of a subject does, and is forgotten after
 * `latestTtlMs`. Nothing is asked twice at a time.
 */
import { type Clock, systemClock } from '@sluice/kernel';
import { BoundedCache } from './bounded-cache.ts';
import { SchemaRegistryError } from './registry-errors.ts';
import type { RestRequest } from './rest-client.ts';

export type RegistrySchemaType = 'AVRO' | 'PROTOBUF' | 'JSON';

export interface SchemaReference {
  /** How the schema calls it: an Avro name, a Protobuf import, a JSON Schema URI. */
  readonly name: string;
  readonly subject: string;
  readonly version: number;
}

/** What is registered: text, and what it refers to. */
export interface SchemaText {
  readonly schemaType: RegistrySchemaType;
  readonly schema: string;
  readonly references: readonly SchemaReference[];
}

/** A schema with all that it refers to, also indirectly; what is referred to comes before what refers. */
export interface ResolvedSchema extends SchemaText {
  readonly resolved: readonly ResolvedReference[];
}

export interface ResolvedReference extends SchemaReference {
  readonly schema: string;
}

export interface SubjectVersion extends ResolvedSchema {
  readonly id: number;
  readonly version: number;
}

export interface Compatibility {
  readonly isCompatible: boolean;
  readonly messages: readonly string[];
}

export interface RegistryClientOptions {
  readonly send: (request: RestRequest) => Promise<unknown>;
  readonly cachedSchemasMax: number;
  /** How long the latest version of a subject is remembered; -1: for ever. */
  readonly latestTtlMs: number;
  readonly normalizes: boolean;
  readonly clock?: Clock;
}

/** A schema that refers to more has a cycle, or is none. */
const referencesMax = 1_000;

interface Latest {
  readonly version: SubjectVersion;
  readonly atMs: number;
}

export class RegistryClient {
  readonly #send: RegistryClientOptions['send'];
  readonly #latestTtlMs: number;
  readonly #normalizes: boolean;
  readonly #clock: Clock;
  readonly #byId: BoundedCache<number, ResolvedSchema>;
  readonly #bySubjectVersion: BoundedCache<string, SubjectVersion>;
  readonly #idBySchema: BoundedCache<string, number>;
  readonly #versionBySchema: BoundedCache<string, number | null>;
  readonly #latest: BoundedCache<string, Latest>;

  constructor(options: RegistryClientOptions) {
    this.#send = options.send;
    this.#latestTtlMs = options.latestTtlMs;
    this.#normalizes = options.normalizes;
    this.#clock = options.clock ?? systemClock;
    this.#byId = new BoundedCache(options.cachedSchemasMax);
    this.#bySubjectVersion = new BoundedCache(options.cachedSchemasMax);
    this.#idBySchema = new BoundedCache(options.cachedSchemasMax);
    this.#versionBySchema = new BoundedCache(options.cachedSchemasMax);
    this.#latest = new BoundedCache(options.cachedSchemasMax);
  }

  /** @throws SchemaRegistryError 40403 when there is none with this id */
  schemaById(id: number): ResolvedSchema | Promise<ResolvedSchema> {
    return this.#byId.getOrLoad(id, async () => {
      const answer = await this.#get(`/schemas/ids/${String(id)}`);
      return await this.#resolve(schemaTextOf(answer));
    });
  }

  /** The id of the schema, registered under the subject unless it is already. @throws SchemaRegistryError 409, 42201 */
  register(subject: string, schema: SchemaText): number | Promise<number> {
    return this.#idBySchema.getOrLoad(keyOf('register', subject, schema), async () => {
      const path = `/subjects/${encodeURIComponent(subject)}/versions${this.#query()}`;
      return numberOf(await this.#post(path, schema, subject), 'id');
    });
  }

  /** The id of a schema that must be registered under the subject. @throws SchemaRegistryError 40401, 40403 */
  lookup(subject: string, schema: SchemaText): number | Promise<number> {
    return this.#idBySchema.getOrLoad(keyOf('lookup', subject, schema), async () => {
      const path = `/subjects/${encodeURIComponent(subject)}${this.#query()}`;
      return numberOf(await this.#post(path, schema, subject), 'id');
    });
  }

  /** Which version of the subject a schema is; null when it is none. */
  versionOf(subject: string, schema: SchemaText): number | null | Promise<number | null> {
    return this.#versionBySchema.getOrLoad(keyOf('version', subject, schema), async () => {
      try {
        const path = `/subjects/${encodeURIComponent(subject)}?deleted=true`;
        return numberOf(await this.#post(path, schema, subject), 'version');
      } catch (error) {
        if (error instanceof SchemaRegistryError && error.isNotFound) return null;
        throw error;
      }
    });
  }

  /** The newest version of a subject. @throws SchemaRegistryError 40401 */
  latest(subject: string): SubjectVersion | Promise<SubjectVersion> {
    const known = this.#latest.get(subject);
    if (known) {
      if (this.#latestTtlMs < 0 || this.#clock.monotonicMs() - known.atMs < this.#latestTtlMs)
        return known.version;
      this.#latest.delete(subject);
    }
    const loading = this.#latest.getOrLoad(subject, async () => ({
      version: await this.#subjectVersion(subject, 'latest'),
      atMs: this.#clock.monotonicMs(),
    }));
    return loading instanceof Promise ? loading.then(({ version }) => version) : loading.version;
  }

  /** One version of a subject. @throws SchemaRegistryError 40401, 40402 */
  version(subject: string, version: number): SubjectVersion | Promise<SubjectVersion> {
    return this.#bySubjectVersion.getOrLoad(
      JSON.stringify([subject, version]),
      async () => await this.#subjectVersion(subject, version),
    );
  }

  /** Whether a schema could be registered under the subject, and why not. Not remembered. */
  async compatibility(subject: string, schema: SchemaText): Promise<Compatibility> {
    const path = `/compatibility/subjects/${encodeURIComponent(subject)}/versions/latest?verbose=true`;
    const answer = objectOf(await this.#post(path, schema, subject));
    const messages = Array.isArray(answer['messages']) ? answer['messages'].map(String) : [];
    return { isCompatible: answer['is_compatible'] === true, messages };
  }

  /** `BACKWARD`, `NONE`, …: of a subject, or of all that have none of their own. */
  async compatibilityLevel(subject?: string): Promise<string> {
    const path =
      subject === undefined
        ? '/config'
        : `/config/${encodeURIComponent(subject)}?defaultToGlobal=true`;
    return String(objectOf(await this.#get(path))['compatibilityLevel']);
  }

  async #subjectVersion(subject: string, version: number | 'latest'): Promise<SubjectVersion> {
    const path = `/subjects/${encodeURIComponent(subject)}/versions/${String(version)}`;
    const answer = await this.#get(path);
    const resolved = await this.#resolve(schemaTextOf(answer));
    return { ...resolved, id: numberOf(answer, 'id'), version: numberOf(answer, 'version') };
  }

  /** Depth first, so that what is referred to comes first; each once. */
  async #resolve(schema: SchemaText): Promise<ResolvedSchema> {
    const resolved = new Map<string, ResolvedReference>();
    const visit = async (references: readonly SchemaReference[], depth: number): Promise<void> => {
      for (const reference of references) {
        if (resolved.has(reference.name)) continue;
        if (depth > referencesMax || resolved.size >= referencesMax)
          throw new SchemaRegistryError(
            `The references of the schema "${reference.name}" (subject "${reference.subject}") refer to each other, or are more than ${String(referencesMax)}`,
            { status: 422, errorCode: 42201 },
          );
        const { subject, version } = reference;
        const text = await this.#referenced(subject, version);
        await visit(text.references, depth + 1);
        resolved.set(reference.name, { ...reference, schema: text.schema });
      }
    };
    await visit(schema.references, 0);
    return { ...schema, resolved: [...resolved.values()] };
  }

  async #referenced(subject: string, version: number): Promise<SchemaText> {
    const known = this.#bySubjectVersion.get(JSON.stringify([subject, version]));
    if (known) return known;
    const path = `/subjects/${encodeURIComponent(subject)}/versions/${String(version)}`;
    return schemaTextOf(await this.#get(path));
  }

  async #get(path: string): Promise<unknown> {
    return await this.#send({ method: 'GET', path });
  }

  async #post(path: string, schema: SchemaText, subject: string): Promise<unknown> {
    try {
      return await this.#send({ method: 'POST', path, body: bodyOf(schema) });
    } catch (error) {
      if (!(error instanceof SchemaRegistryError) || error.message.includes(subject)) throw error;
      const { status, errorCode } = error;
      throw new SchemaRegistryError(`Subject "${subject}": ${error.message}`, {
        status,
        errorCode,
      });
    }
  }

  #query(): string {
    return this.#normalizes ? '?normalize=true' : '';
  }
}

function keyOf(
  what: string,
  subject: string,
  { schemaType, schema, references }: SchemaText,
): string {
  return JSON.stringify([what, subject, schemaType, schema, references]);
}

/** Avro is what a registry takes where no type is said, and the only type that old ones know. */
function bodyOf({ schemaType, schema, references }: SchemaText): unknown {
  return {
    schema,
    ...(schemaType === 'AVRO' ? {} : { schemaType }),
    ...(references.length === 0 ? {} : { references }),
  };
}

function schemaTextOf(answer: unknown): SchemaText {
  const { schema, schemaType, references } = objectOf(answer);
  if (typeof schema !== 'string') throw malformed('schema');
  const type = schemaType ?? 'AVRO';
  if (type !== 'AVRO' && type !== 'PROTOBUF' && type !== 'JSON') throw malformed('schemaType');
  return { schema, schemaType: type, references: referencesOf(references) };
}

function referencesOf(json: unknown): SchemaReference[] {
  if (json === undefined || json === null) return [];
  if (!Array.isArray(json)) throw malformed('references');
  return json.map((each: unknown) => {
    const { name, subject, version } = objectOf(each);
    if (typeof name !== 'string' || typeof subject !== 'string' || typeof version !== 'number')
      throw malformed('references');
    return { name, subject, version };
  });
}

function numberOf(answer: unknown, name: string): number {
  const value = objectOf(answer)[name];
  if (!Number.isInteger(value)) throw malformed(name);
  return value as number;
}

function objectOf(json: unknown): Readonly<Record<string, unknown>> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw malformed('object');
  return json as Readonly<Record<string, unknown>>;
}

function malformed(what: string): SchemaRegistryError {
  return new SchemaRegistryError(
    `The answer of the Schema Registry has no valid "${what}": check that schema.registry.url is that of a registry`,
    { status: 200, errorCode: 0 },
  );
}
