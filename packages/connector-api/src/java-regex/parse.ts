/**
 * Reads a Java regular expression (java.util.regex.Pattern without flags). What JavaScript writes differently
 * is translated, what it cannot do is refused by name: nothing is guessed.
 */
import { parseClass } from './character-class.ts';
import { parseEscape } from './escapes.ts';
import {
  anyCharacter,
  anyInLine,
  bothCases,
  endOfLastLine,
  literal,
  type Node,
  type ParsedRegex,
  RegexProblem,
  startOfText,
} from './syntax.ts';

interface Flags {
  readonly dotAll: boolean;
  readonly comments: boolean;
  /**
   * Of ASCII letters only, as in Java. Written out, since JavaScript's own flag means all letters, and V8 lets
   * `(?i:…)` leak into classes that follow it.
   */
  readonly ignoreCase: boolean;
}

/** @throws RegexProblem */
export function parseJavaRegex(source: string): ParsedRegex {
  const parser = new Parser(source);
  return parser.parse();
}

class Parser {
  readonly #source: string;
  #at = 0;
  #groups = 0;
  readonly #closed = new Set<number>();
  readonly #names = new Map<string, number>();

  constructor(source: string) {
    this.#source = source;
  }

  parse(): ParsedRegex {
    const root = this.#alternation({ dotAll: false, comments: false, ignoreCase: false });
    if (this.#at < this.#source.length) throw this.#problem("Unmatched closing ')'");
    return { root, groupCount: this.#groups, names: this.#names };
  }

  /** Up to the end or to a closing parenthesis. */
  #alternation(outer: Flags): Node {
    const flags = this.#leadingFlags(outer);
    const branches = [this.#sequence(flags)];
    while (this.#take('|')) branches.push(this.#sequence(flags));
    const [only] = branches;
    return branches.length === 1 && only ? only : { kind: 'alternation', branches };
  }

  /** `(?i)` at the start of a group holds for all of it. */
  #leadingFlags(outer: Flags): Flags {
    let flags = outer;
    for (;;) {
      const [text, on = '', off = ''] =
        /^\(\?([a-zA-Z]*)(?:-([a-zA-Z]+))?\)/.exec(this.#rest()) ?? [];
      if (text === undefined) return flags;
      this.#at += text.length;
      flags = this.#changedFlags(flags, on, off);
    }
  }

  #changedFlags(flags: Flags, on: string, off: string): Flags {
    const other = /[^isxu]/.exec(on + off)?.[0];
    if (other !== undefined)
      throw this.#problem(`the flag ${other} of (?${other}) has no counterpart in JavaScript`);
    const changed = (name: string, before: boolean): boolean =>
      off.includes(name) ? false : on.includes(name) || before;
    return {
      dotAll: changed('s', flags.dotAll),
      comments: changed('x', flags.comments),
      ignoreCase: changed('i', flags.ignoreCase),
    };
  }

  #sequence(flags: Flags): Node {
    const items: Node[] = [];
    for (;;) {
      if (flags.comments) this.#skipComments();
      const next = this.#source[this.#at];
      if (next === undefined || next === '|' || next === ')') break;
      const quoted = this.#quoted(flags);
      if (quoted) {
        items.push(...quoted.slice(0, -1));
        const last = quoted.at(-1);
        if (last) items.push(this.#quantified(last, flags));
        continue;
      }
      items.push(this.#quantified(this.#atom(flags), flags));
    }
    return { kind: 'sequence', items };
  }

  /** `\Q…\E`; undefined if it does not stand here. */
  #quoted(flags: Flags): Node[] | undefined {
    if (!this.#take('\\Q')) return undefined;
    const end = this.#source.indexOf('\\E', this.#at);
    const text = this.#source.slice(this.#at, end === -1 ? undefined : end);
    this.#at = end === -1 ? this.#source.length : end + 2;
    return Array.from(text, (character) => oneOf(character.codePointAt(0) ?? 0, flags));
  }

  #atom(flags: Flags): Node {
    const codePoint = this.#source.codePointAt(this.#at) ?? 0;
    const character = String.fromCodePoint(codePoint);
    switch (character) {
      case '[': {
        const parsed = parseClass(this.#source, this.#at, flags);
        this.#at = parsed.end;
        return atom(parsed.text);
      }
      case '(':
        return this.#group(flags);
      case '\\':
        return this.#escape(flags);
      case '*':
      case '+':
      case '?':
        throw this.#problem(`Dangling meta character '${character}'`);
      case '{':
        throw this.#problem('Illegal repetition');
      default:
    }
    this.#at += character.length;
    switch (character) {
      case '.':
        return atom(flags.dotAll ? anyCharacter : anyInLine);
      case '^':
        return atom(startOfText);
      case '$':
        return atom(endOfLastLine);
      default:
        return oneOf(codePoint, flags);
    }
  }

  #escape(flags: Flags): Node {
    const [reference] = /^\\[1-9]\d*/.exec(this.#rest()) ?? [];
    if (reference !== undefined) return this.#numberedReference(reference.slice(1), flags);
    const [named, name] = /^\\k<([a-zA-Z][a-zA-Z0-9]*)>/.exec(this.#rest()) ?? [];
    if (named !== undefined && name !== undefined) {
      const index = this.#names.get(name);
      if (index === undefined)
        throw this.#problem(`named capturing group <${name}> does not exist`);
      this.#at += named.length;
      return this.#reference(index, flags);
    }
    const escape = parseEscape(this.#source, this.#at, { ignoreCase: flags.ignoreCase });
    this.#at = escape.end;
    if (escape.codePoint !== undefined) return oneOf(escape.codePoint, flags);
    return atom(escape.isClass ? `[${escape.text}]` : escape.text);
  }

  /** As many digits as give a group that exists, as in Java. */
  #numberedReference(digits: string, flags: Flags): Node {
    let length = 1;
    while (length < digits.length && Number(digits.slice(0, length + 1)) <= this.#groups)
      length += 1;
    this.#at += 1 + length;
    return this.#reference(Number(digits.slice(0, length)), flags);
  }

  #reference(index: number, { ignoreCase }: Flags): Node {
    if (ignoreCase)
      throw this.#problem('a back reference that ignores case has no counterpart in JavaScript');
    if (!this.#closed.has(index))
      throw this.#problem(
        `the back reference to group ${String(index)} stands before the end of that group`,
      );
    return { kind: 'reference', index };
  }

  #group(flags: Flags): Node {
    const [simple] = /^\((?:\?(?::|=|!|<=|<!|>))?/.exec(this.#rest()) ?? [''];
    const [named, name] = /^\(\?<([a-zA-Z][a-zA-Z0-9]*)>/.exec(this.#rest()) ?? [];
    const [flagged, on = '', off = ''] =
      /^\(\?([a-zA-Z]*)(?:-([a-zA-Z]+))?:/.exec(this.#rest()) ?? [];
    if (named !== undefined && name !== undefined) {
      if (this.#names.has(name))
        throw this.#problem(`Named capturing group <${name}> is already defined`);
      this.#names.set(name, this.#groups + 1);
      return this.#capture(named.length, flags);
    }
    if (simple === '(' && this.#source[this.#at + 1] !== '?') return this.#capture(1, flags);
    if (flagged !== undefined && simple !== '(?:')
      return group('(?:', this.#body(flagged.length, this.#changedFlags(flags, on, off)));
    if (/^\(\?[a-zA-Z-]+\)/.test(this.#rest()))
      throw this.#problem('flags like (?i) may only stand at the start of a group, or as (?i:…)');
    if (simple === '(') throw this.#problem('Unknown inline modifier or group construct');
    const body = this.#body(simple.length, flags);
    return simple === '(?>' ? { kind: 'atomic', body } : group(simple, body);
  }

  #capture(openingLength: number, flags: Flags): Node {
    this.#groups += 1;
    const index = this.#groups;
    const body = this.#body(openingLength, flags);
    this.#closed.add(index);
    return { kind: 'capture', index, body };
  }

  #body(openingLength: number, flags: Flags): Node {
    this.#at += openingLength;
    const body = this.#alternation(flags);
    if (!this.#take(')')) throw this.#problem('Unclosed group');
    return body;
  }

  #quantified(body: Node, flags: Flags): Node {
    if (flags.comments) this.#skipComments();
    const [text, simple, from, range, to, kind = ''] =
      /^(?:([*+?])|\{(\d+)(,(\d*))?\})([?+]?)/.exec(this.#rest()) ?? [];
    if (text === undefined) return body;
    this.#at += text.length;
    const min = from === undefined ? Number(simple === '+') : Number(from);
    let max = simple === '?' ? 1 : Number.POSITIVE_INFINITY;
    if (from !== undefined && range === undefined) max = min;
    if (to !== undefined && to !== '') max = Number(to);
    if (max < min) throw this.#problem('Illegal repetition range');
    const suffix = text.slice(0, text.length - kind.length) + (kind === '?' ? '?' : '');
    return { kind: 'repeated', body, min, max, suffix, isPossessive: kind === '+' };
  }

  #skipComments(): void {
    this.#at += /^(?:[ \t\n\v\f\r]|#[^\n\r]*)*/.exec(this.#rest())?.[0].length ?? 0;
  }

  #rest(): string {
    return this.#source.slice(this.#at);
  }

  #take(text: string): boolean {
    if (!this.#source.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  #problem(message: string): RegexProblem {
    return new RegexProblem(`${message} (at character ${String(this.#at)})`);
  }
}

function group(opening: string, body: Node): Node {
  return { kind: 'group', opening, body };
}

function oneOf(codePoint: number, { ignoreCase }: Flags): Node {
  const both = ignoreCase ? bothCases(codePoint) : undefined;
  return atom(both === undefined ? literal(codePoint) : `[${both}]`);
}

function atom(text: string): Node {
  return { kind: 'atom', text };
}
