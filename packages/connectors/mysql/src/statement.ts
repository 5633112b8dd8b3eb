/** What a statement of the log does to tables, as far as it matters to whoever reads their rows. Pure. */
import type { TableName } from '@sluice/connector-capture';

export type Statement =
  | { readonly kind: 'begin' }
  /** `isOfPrepared`: of a transaction that was prepared before, and now never was. */
  | { readonly kind: 'end'; readonly isOfPrepared?: true }
  /** Ends a transaction that never was. */
  | { readonly kind: 'rollback' }
  | { readonly kind: 'savepoint'; readonly savepoint: string }
  /** What came after the savepoint never was. */
  | { readonly kind: 'rollbackTo'; readonly savepoint: string }
  /** These tables have other columns than before, or are others than before. */
  | { readonly kind: 'layout'; readonly tables: readonly TableName[] }
  /** These tables lack an index; those of texts have columns in the log. */
  | { readonly kind: 'index'; readonly tables: readonly TableName[] }
  /** All tables of a database. */
  | { readonly kind: 'database'; readonly database: string }
  | { readonly kind: 'truncate'; readonly table: TableName }
  /** Changes rows of one of these, which are not in the log. */
  | { readonly kind: 'rows'; readonly tables: readonly TableName[] }
  | { readonly kind: 'other' };

interface Token {
  readonly text: string;
  /** A word in quotes is never a keyword. */
  readonly isQuoted: boolean;
}

/** So much of a statement is looked at; names of tables come early. */
const charactersMax = 1024 * 1024;
const other: Statement = { kind: 'other' };

export function statementOf(sql: string, database: string): Statement {
  const tokens = tokensOf(sql.slice(0, charactersMax));
  const words = new Words(tokens, database);
  const first = words.next();
  // MariaDB: SET STATEMENT variable = value, … FOR the statement itself.
  if (first === 'SET' && words.next() === 'STATEMENT') {
    while (!words.isAtEnd && words.peek() !== 'FOR') words.next();
    words.next();
    return effectOf(words.next(), words);
  }
  return effectOf(first, words);
}

/** `first`: its first word. */
function effectOf(first: string, words: Words): Statement {
  switch (first) {
    case 'BEGIN':
      return { kind: 'begin' };
    case 'START':
      return words.next() === 'TRANSACTION' ? { kind: 'begin' } : other;
    case 'COMMIT':
      return { kind: 'end' };
    case 'SAVEPOINT':
      return { kind: 'savepoint', savepoint: words.name().table.toLowerCase() };
    case 'ROLLBACK':
      return rolledBack(words);
    case 'XA': {
      const verb = words.next();
      if (verb === 'START' || verb === 'BEGIN') return { kind: 'begin' };
      if (verb === 'ROLLBACK') return { kind: 'end', isOfPrepared: true };
      return verb === 'COMMIT' ? { kind: 'end' } : other;
    }
    case 'TRUNCATE':
      words.skip('TABLE');
      return { kind: 'truncate', table: words.name() };
    case 'ALTER':
      return altered(words);
    case 'CREATE':
      return created(words);
    case 'DROP':
      return dropped(words);
    case 'RENAME':
      return words.next().startsWith('TABLE')
        ? { kind: 'layout', tables: words.namesLeft() }
        : other;
    case 'INSERT':
    case 'REPLACE':
    case 'UPDATE':
    case 'DELETE':
    case 'LOAD':
    case 'WITH':
      return { kind: 'rows', tables: words.namesLeft() };
    default:
      return other;
  }
}

function rolledBack(words: Words): Statement {
  words.skip('WORK');
  if (words.next() !== 'TO') return { kind: 'rollback' };
  words.skip('SAVEPOINT');
  return { kind: 'rollbackTo', savepoint: words.name().table.toLowerCase() };
}

function altered(words: Words): Statement {
  words.skip('ONLINE', 'OFFLINE', 'IGNORE');
  if (words.next() !== 'TABLE') return other;
  words.skip('IF', 'EXISTS');
  const tables = [words.name()];
  while (!words.isAtEnd) {
    if (words.next() !== 'RENAME') continue;
    // Also of columns and indexes: one table too many does no harm.
    words.skip('TO', 'AS');
    tables.push(words.name());
  }
  return { kind: 'layout', tables };
}

function created(words: Words): Statement {
  words.skip('OR', 'REPLACE');
  const what = words.next();
  if (what === 'UNIQUE') return indexed(words);
  if (what !== 'TABLE') return other;
  words.skip('IF', 'NOT', 'EXISTS');
  return { kind: 'layout', tables: [words.name()] };
}

/** MariaDB: a unique index of a text has a column of its own. */
function indexed(words: Words): Statement {
  while (!words.isAtEnd && words.next() !== 'ON') continue;
  return { kind: 'layout', tables: [words.name()] };
}

function dropped(words: Words): Statement {
  const what = words.next();
  if (what === 'INDEX') return droppedIndex(words);
  if (what === 'DATABASE' || what === 'SCHEMA') {
    words.skip('IF', 'EXISTS');
    return { kind: 'database', database: words.name().table };
  }
  if (what !== 'TABLE' && what !== 'TABLES') return other;
  words.skip('IF', 'EXISTS');
  return { kind: 'layout', tables: words.namesLeft() };
}

/** `DROP INDEX `PRIMARY` ON orders`: the table has no key any more. */
function droppedIndex(words: Words): Statement {
  words.skip('IF', 'EXISTS');
  const index = words.name();
  words.skip('ON');
  const tables = [words.name()];
  return { kind: index.table.toUpperCase() === 'PRIMARY' ? 'layout' : 'index', tables };
}

class Words {
  readonly #tokens: readonly Token[];
  readonly #database: string;
  #at = 0;

  constructor(tokens: readonly Token[], database: string) {
    this.#tokens = tokens;
    this.#database = database;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#tokens.length;
  }

  /** In capitals; a name in quotes is no word. */
  next(): string {
    const word = this.peek();
    this.#at += 1;
    return word;
  }

  peek(): string {
    const token = this.#tokens[this.#at];
    return !token || token.isQuoted ? '' : token.text.toUpperCase();
  }

  skip(...words: readonly string[]): void {
    while (words.includes(this.peek())) this.#at += 1;
  }

  name(): TableName {
    const first = this.#text();
    if (this.#tokens[this.#at]?.text !== '.') return { namespace: this.#database, table: first };
    this.#at += 1;
    return { namespace: first, table: this.#text() };
  }

  /** All words that might be names. */
  namesLeft(): TableName[] {
    const names: TableName[] = [];
    while (!this.isAtEnd) {
      const token = this.#tokens[this.#at];
      if (token && /^[.,;()=]$/.test(token.text) && !token.isQuoted) this.#at += 1;
      else names.push(this.name());
    }
    return names;
  }

  #text(): string {
    const text = this.#tokens[this.#at]?.text ?? '';
    this.#at += 1;
    return text;
  }
}

/** Names without quotes have any character beyond ASCII, also those that are no letters. */
const wordPattern = /[\w$\u0080-\uffff]+/y;

/** In one pass, whatever the text is. Comments and texts are left out; comments with a version are statements. */
function tokensOf(sql: string): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < sql.length; ) {
    const character = sql[at] ?? '';
    if (character === "'" || character === '"' || character === '`') {
      const end = endOfQuoted(sql, at);
      const text = sql.slice(at + 1, end - 1).replaceAll(character + character, character);
      if (character !== "'") tokens.push({ text, isQuoted: true });
      at = end;
    } else if (sql.startsWith('/*', at)) at = afterComment(sql, at);
    else if (character === '#' || /^--\s/.test(sql.slice(at, at + 3)))
      at = indexAfter(sql, '\n', at);
    else if ('.,;()='.includes(character)) {
      tokens.push({ text: character, isQuoted: false });
      at += 1;
    } else {
      wordPattern.lastIndex = at;
      const [word] = wordPattern.exec(sql) ?? [];
      if (word !== undefined) tokens.push({ text: word, isQuoted: false });
      at += word?.length ?? 1;
    }
  }
  return tokens;
}

/** Quotes are doubled inside, or in texts escaped. */
function endOfQuoted(sql: string, start: number): number {
  const quote = sql[start];
  for (let at = start + 1; at < sql.length; at += 1) {
    if (sql[at] === '\\' && quote !== '`') at += 1;
    else if (sql[at] === quote && sql[at + 1] === quote) at += 1;
    else if (sql[at] === quote) return at + 1;
  }
  return sql.length;
}

/** Of one with a version only what begins it: `/*!50100 … ` */
function afterComment(sql: string, at: number): number {
  const version = /^\/\*M?!\d*/.exec(sql.slice(at, at + 12))?.[0];
  return version === undefined ? indexAfter(sql, '*/', at + 2) : at + version.length;
}

function indexAfter(sql: string, text: string, from: number): number {
  const found = sql.indexOf(text, from);
  return found < 0 ? sql.length : found + text.length;
}
