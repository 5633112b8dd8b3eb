/**
 * Layouts of tables at the position of the stream, for servers whose log does not say them. They go into the offset as
 * one text, so that rows that were logged before a change of their table are read right after a restart as well.
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { ConnectError } from '@sluice/connector-api';
import type { TableLayout } from './column.ts';

/** An offset has to fit into a record of the log. */
const charactersMax = 512 * 1024;
const unpackedBytesMax = 64 * 1024 * 1024;

export class SchemaHistory {
  readonly #layouts: Map<string, TableLayout>;
  #text: string | undefined;

  /** @throws ConnectError for a text that is none of this class. */
  constructor(text: string | undefined) {
    this.#layouts = new Map(text === undefined ? [] : parsed(text));
    this.#text = text;
  }

  get(table: string): TableLayout | undefined {
    return this.#layouts.get(table);
  }

  tables(): string[] {
    return [...this.#layouts.keys()];
  }

  set(table: string, layout: TableLayout): void {
    this.#layouts.set(table, layout);
    this.#text = undefined;
  }

  /** It has changed, and nobody knows yet how. */
  forget(table: string): void {
    if (this.#layouts.delete(table)) this.#text = undefined;
  }

  /** The same text until something changes. Undefined: nothing to say. */
  text(): string | undefined {
    if (this.#layouts.size === 0) return undefined;
    this.#text ??= deflateRawSync(JSON.stringify([...this.#layouts])).toString('base64');
    if (this.#text.length > charactersMax)
      throw new ConnectError(
        `the layouts of ${String(this.#layouts.size)} tables are too much for an offset: set binlog_row_metadata to FULL at the server, or capture fewer tables`,
      );
    return this.#text;
  }
}

function parsed(text: string): [string, TableLayout][] {
  try {
    const bytes = inflateRawSync(Buffer.from(text, 'base64'), {
      maxOutputLength: unpackedBytesMax,
    });
    return JSON.parse(bytes.toString('utf8')) as [string, TableLayout][];
  } catch (error) {
    throw new ConnectError(
      'The offset of the connector has a "schemas" that cannot be read: delete the offsets, or correct them',
      { cause: error },
    );
  }
}
