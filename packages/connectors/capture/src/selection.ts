/** Which tables and columns are captured: Debezium's lists of regular expressions, each for a whole name. Pure. */
import type { ConfigProblem } from '@sluice/connector-api';

/** A table below its namespace: a schema of PostgreSQL, a database of MySQL. */
export interface TableName {
  readonly namespace: string;
  readonly table: string;
}

/** `inventory.orders`, as lists and topics name it. */
export function tableText({ namespace, table }: TableName): string {
  return `${namespace}.${table}`;
}

/** The values of the keys, each a list of regular expressions. */
export interface SelectionLists {
  readonly namespaceInclude?: readonly string[] | undefined;
  readonly namespaceExclude?: readonly string[] | undefined;
  readonly tableInclude?: readonly string[] | undefined;
  readonly tableExclude?: readonly string[] | undefined;
  readonly columnInclude?: readonly string[] | undefined;
  readonly columnExclude?: readonly string[] | undefined;
}

/** Names are looked up for each table once, so what is built here need not be fast. */
export class Selection {
  readonly #includesNamespace: (name: string) => boolean;
  readonly #includesTable: (name: string) => boolean;
  readonly #includesColumn: (name: string) => boolean;

  /** @throws SyntaxError for what is no regular expression; `selectionProblems` says which. */
  constructor(lists: SelectionLists) {
    this.#includesNamespace = chooser(lists.namespaceInclude, lists.namespaceExclude);
    this.#includesTable = chooser(lists.tableInclude, lists.tableExclude);
    this.#includesColumn = chooser(lists.columnInclude, lists.columnExclude);
  }

  hasTable(name: TableName): boolean {
    return this.#includesNamespace(name.namespace) && this.#includesTable(tableText(name));
  }

  hasColumn(name: TableName, column: string): boolean {
    return this.#includesColumn(`${tableText(name)}.${column}`);
  }
}

function chooser(
  include: readonly string[] | undefined,
  exclude: readonly string[] | undefined,
): (name: string) => boolean {
  const included = include?.length ? include.map(wholeName) : undefined;
  const excluded = exclude?.map(wholeName) ?? [];
  return (name) =>
    (included?.some((pattern) => pattern.test(name)) ?? true) &&
    !excluded.some((pattern) => pattern.test(name));
}

/** Debezium compares without case. */
export function wholeName(source: string): RegExp {
  return new RegExp(`^(?:${source.trim()})$`, 'i');
}

/** What is wrong with one of these lists, under its key; both of a pair is wrong, too. */
export function listProblems(
  pairs: readonly (readonly [
    includeKey: string,
    include: readonly string[] | undefined,
    excludeKey: string,
    exclude: readonly string[] | undefined,
  ])[],
): ConfigProblem[] {
  return pairs.flatMap(([includeKey, include, excludeKey, exclude]) => [
    ...brokenPatterns(includeKey, include),
    ...brokenPatterns(excludeKey, exclude),
    ...(include?.length && exclude?.length
      ? [{ key: excludeKey, message: `Set ${includeKey} or ${excludeKey}, not both` }]
      : []),
  ]);
}

function brokenPatterns(key: string, list: readonly string[] | undefined): ConfigProblem[] {
  return (list ?? []).flatMap((source) => {
    try {
      wholeName(source);
      return [];
    } catch {
      return [{ key, message: `${key} has "${source}", which is no regular expression` }];
    }
  });
}

/** `message.key.columns`: `inventory.orders:id,region;other.*:name`. */
export class KeyColumns {
  readonly #rules: readonly { readonly table: RegExp; readonly columns: readonly string[] }[];

  /** @throws Error that says what is wrong. */
  constructor(text: string) {
    this.#rules = text
      .split(';')
      .map((rule) => rule.trim())
      .filter((rule) => rule !== '')
      .map((rule) => {
        const colon = rule.lastIndexOf(':');
        const columns = rule
          .slice(colon + 1)
          .split(',')
          .map((column) => column.trim())
          .filter((column) => column !== '');
        if (colon <= 0 || columns.length === 0)
          throw new Error(`"${rule}" is not of the form table:column,column`);
        return { table: wholeName(rule.slice(0, colon)), columns };
      });
  }

  /** The columns that make the key of this table; undefined: its own key. */
  of(name: TableName): readonly string[] | undefined {
    return this.#rules.find(({ table }) => table.test(tableText(name)))?.columns;
  }
}
