/** JSON Schemas and what they refer to: by pointer, by `$id` or `$anchor`, or in another document of the registry. */
import { DataError } from '@sluice/connector-api';
import { parseExactJson } from '@sluice/converters';
import { isObject, toError } from '@sluice/kernel';
import type { ResolvedSchema } from '../registry/registry-client.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

/** A schema, and the document in which its references are meant. */
export interface SchemaNode {
  readonly json: unknown;
  readonly document: SchemaDocument;
}

export interface SchemaDocument {
  /** By which others refer to it; '' is the schema itself. */
  readonly name: string;
  readonly root: unknown;
}

export class SchemaDocuments {
  readonly root: SchemaNode;
  readonly #documents = new Map<string, SchemaDocument>();

  /** @throws DataError for text that is no JSON */
  constructor(registered: Pick<ResolvedSchema, 'schema' | 'resolved'>) {
    for (const { name, schema } of registered.resolved) this.#add(name, schema);
    const document = this.#add('', registered.schema);
    this.root = { json: document.root, document };
  }

  /** What a `$ref` means. @throws DataError when there is no such thing */
  resolve(reference: string, from: SchemaDocument): SchemaNode {
    const hash = reference.indexOf('#');
    const name = hash < 0 ? reference : reference.slice(0, hash);
    const fragment = hash < 0 ? '' : reference.slice(hash + 1);
    const document = name === '' ? from : this.#documentOf(name, from);
    const json =
      fragment === '' || fragment.startsWith('/')
        ? atPointer(document.root, fragment)
        : withId(document.root, fragment);
    if (json === undefined) throw new DataError(`The JSON Schema has no "${reference}"`);
    return { json, document };
  }

  #documentOf(name: string, from: SchemaDocument): SchemaDocument {
    const found =
      this.#documents.get(name) ??
      [...this.#documents.values()].find(({ root }) => idOf(root) === name) ??
      // Relative to the `$id` of who refers.
      this.#documents.get(
        URL.canParse(name, idOf(from.root) ?? '') ? new URL(name, idOf(from.root)).href : name,
      );
    if (found) return found;
    const within = withId(from.root, name);
    if (within !== undefined) return { name, root: within };
    throw new DataError(
      `The JSON Schema refers to "${name}", which is not among its references in the registry`,
    );
  }

  #add(name: string, text: string): SchemaDocument {
    try {
      const document: SchemaDocument = { name, root: parseExactJson(text) };
      this.#documents.set(name, document);
      return document;
    } catch (error) {
      throw new DataError(`Invalid JSON Schema: ${toError(error).message}`, { cause: error });
    }
  }
}

function idOf(json: unknown): string | undefined {
  if (!isObject(json)) return undefined;
  const id = json['$id'] ?? json['id'];
  return typeof id === 'string' ? id : undefined;
}

function atPointer(root: unknown, pointer: string): unknown {
  let json = root;
  for (const part of pointer.split('/').slice(1)) {
    const name = decodePart(part);
    if (typeof json !== 'object' || json === null || !Object.hasOwn(json, name)) return undefined;
    json = (json as JsonObject)[name];
  }
  return json;
}

function decodePart(part: string): string {
  let text = part;
  try {
    text = decodeURIComponent(part);
  } catch {
    // Not encoded, then.
  }
  return text.replaceAll('~1', '/').replaceAll('~0', '~');
}

/** The schema within that is called so. */
function withId(json: unknown, name: string): unknown {
  if (Array.isArray(json)) {
    for (const each of json) {
      const found = withId(each, name);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  if (!isObject(json)) return undefined;
  const id = idOf(json);
  if (id === name || id === `#${name}` || json['$anchor'] === name) return json;
  return withId(Object.values(json), name);
}
