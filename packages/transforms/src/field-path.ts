/**
 * Which field a configuration means: with `field.syntax.version=V1` a top-level one of exactly that name, with
 * V2 a path with dots, in which names that contain dots stand between backticks (KIP-821).
 */
import {
  ConfigError,
  type Schema,
  type SchemaField,
  type StringBuilder,
  string,
} from '@sluice/connector-api';
import {
  type Fields,
  fieldOfMap,
  fieldOfStruct,
  findField,
  requireMap,
  requireStruct,
} from './structs.ts';

export const fieldSyntaxVersion: StringBuilder<string> = string()
  .oneOf('V1', 'V2')
  .ignoreCase()
  .default('V1')
  .importance('high')
  .doc(
    'V1: fields are top-level ones of exactly the given name. V2: dots lead to nested fields; a name that contains dots ' +
      'stands between backticks, e.g. `foo.bar`.baz for the field baz within foo.bar.',
  );

const purpose = 'nested field access';

export class FieldPath {
  readonly #parents: readonly string[];
  readonly #last: string;

  /** @throws ConfigError for a backtick that is not closed. */
  constructor(text: string, version: string) {
    const steps = version.toUpperCase() === 'V2' ? parsePath(text) : [text];
    this.#parents = steps.slice(0, -1);
    this.#last = steps.at(-1) ?? '';
  }

  /** Undefined where a schema on the way has no such field. */
  fieldFrom(schema: Schema): SchemaField | undefined {
    let current = schema;
    for (const step of this.#parents) {
      const next = findField(current, step);
      if (!next) return undefined;
      current = next.schema;
    }
    return findField(current, this.#last);
  }

  /** Null where there is none. Defaults on the way always count, that of the field itself by `useDefault`. */
  valueFromStruct(schema: Schema, struct: Fields, useDefault: boolean): unknown {
    let current = struct;
    let currentSchema = schema;
    for (const step of this.#parents) {
      const field = findField(currentSchema, step);
      if (!field) return null;
      const value = fieldOfStruct(current, field, true);
      if (value === null) return null;
      current = requireStruct(field.schema, value, purpose);
      currentSchema = field.schema;
    }
    const last = findField(currentSchema, this.#last);
    return last ? fieldOfStruct(current, last, useDefault) : null;
  }

  valueFromMap(map: Fields): unknown {
    let current = map;
    for (const step of this.#parents) {
      const value = fieldOfMap(current, step);
      if (value === null) return null;
      current = requireMap(value, purpose);
    }
    return fieldOfMap(current, this.#last);
  }
}

/** `a.b` → a, b; `` `a.b`.c `` → a.b, c; `\`` before a dot is a backtick of the name. Exported for tests. */
function parsePath(path: string): string[] {
  const steps: string[] = [];
  let at = 0;
  while (at < path.length) {
    if (path[at] === '`') {
      const quoted = parseQuoted(path, at);
      steps.push(quoted.step);
      at = quoted.end;
    } else {
      const dot = path.indexOf('.', at);
      steps.push(path.slice(at, dot === -1 ? path.length : dot));
      at = dot === -1 ? path.length : dot + 1;
    }
  }
  if (path === '' || path.endsWith('.')) steps.push('');
  return steps;
}

/** A backtick ends the name only if a dot or the end follows, and no backslash comes before it. */
function parseQuoted(path: string, openedAt: number): { step: string; end: number } {
  let step = '';
  let start = openedAt + 1;
  let at = start;
  for (;;) {
    at = path.indexOf('`', at);
    const isLast = at >= path.length - 1;
    const isEscaped = at > 0 && path[at - 1] === '\\';
    if (at === -1 || (isLast && isEscaped)) throw incompleteBackticks(path, openedAt);
    if (isLast) return { step: step + path.slice(start, at), end: at + 1 };
    if (path[at + 1] !== '.') {
      at += 1;
    } else if (isEscaped) {
      step += `${path.slice(start, at - 1)}\``;
      at += 1;
      start = at;
    } else {
      return { step: step + path.slice(start, at), end: at + 2 };
    }
  }
}

function incompleteBackticks(path: string, openedAt: number): ConfigError {
  return new ConfigError([
    {
      key: 'field',
      message:
        `Incomplete backtick pair in path: [${path}], consider adding a backslash before backtick at ` +
        `position ${String(openedAt)} to escape it`,
    },
  ]);
}
