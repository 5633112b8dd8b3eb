/** A field of Debezium's envelope by the name that a definition gives it: `op`, `source.ts_ms`, `table:from_table`. */
import type { Schema } from '@sluice/connector-api';
import { invalidConfig } from '../config-keys.ts';
import { cachedBySchema, type Fields, findField, isFields, schemaBasics } from '../structs.ts';

/** Names without a struct before them that are the envelope's own, and those of its transaction; others are the source's. */
const ownNames = new Set(['op', 'ts_ms', 'ts_us', 'ts_ns']);
const transactionNames = new Set(['id', 'total_order', 'data_collection_order']);

export class EnvelopeField {
  /** What it is called where it goes. */
  readonly newName: string;
  readonly isOperation: boolean;
  readonly #struct: string | undefined;
  readonly #field: string;

  constructor(text: string, prefix: string, key: string) {
    const [path = '', rename, ...rest] = text.split(':');
    const [first = '', second] = path.split('.');
    if (rest.length > 0 || path === '') throw invalidConfig(key, `Unexpected field name: ${text}`);
    this.#field = second ?? first;
    this.#struct = second === undefined ? structOf(first) : first;
    const ownName = second === undefined ? first : `${first}_${second}`;
    this.newName = prefix + (rename ?? ownName);
    this.isOperation = this.#field === 'op';
  }

  /** Optional, since not each record has it; undefined: envelopes of this schema have no such field. */
  readonly schemaIn = cachedBySchema((envelope): Schema | undefined => {
    const found = this.#placeIn(envelope);
    if (!found) return undefined;
    const { type, fields, items, keys, values } = found;
    return {
      type,
      ...schemaBasics(found),
      ...(fields ? { fields } : {}),
      ...(items ? { items } : {}),
      ...(keys ? { keys } : {}),
      ...(values ? { values } : {}),
      optional: true,
    };
  });

  valueIn(envelope: Fields): unknown {
    if (this.#struct === undefined) return envelope[this.#field] ?? null;
    const struct = envelope[this.#struct];
    if (!isFields(struct)) return null;
    return struct[this.#field] ?? envelope[this.#field] ?? null;
  }

  #placeIn(envelope: Schema): Schema | undefined {
    const struct =
      this.#struct === undefined ? envelope : findField(envelope, this.#struct)?.schema;
    return (
      (struct && findField(struct, this.#field)?.schema) ?? findField(envelope, this.#field)?.schema
    );
  }
}

function structOf(name: string): string | undefined {
  if (ownNames.has(name)) return undefined;
  return transactionNames.has(name) ? 'transaction' : 'source';
}
