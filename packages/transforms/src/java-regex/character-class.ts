/** Classes like `[a-z&&[^bc]_]`: Java's unions and intersections are those of JavaScript's flag v. */
import { parseEscape } from './escapes.ts';
import { literal, RegexProblem } from './syntax.ts';

interface Parsed {
  readonly text: string;
  /** After the closing bracket. */
  readonly end: number;
}

/** The class whose opening bracket is at `start`. @throws RegexProblem */
export function parseClass(source: string, start: number, ignoresSpace: boolean): Parsed {
  let at = start + 1;
  const isNegated = source[at] === '^';
  if (isNegated) at += 1;
  const operands: string[] = [];
  let union = '';
  let isEmpty = true;
  for (;;) {
    if (ignoresSpace) while (/\s/.test(source[at] ?? '')) at += 1;
    if (at >= source.length) throw problem('Unclosed character class', start);
    if (source[at] === ']' && !isEmpty) break;
    isEmpty = false;
    if (source.startsWith('&&', at)) {
      operands.push(union);
      union = '';
      at += 2;
      continue;
    }
    const item = parseItem(source, at, ignoresSpace);
    union += item.text;
    at = item.end;
  }
  operands.push(union);
  // Nothing before or after && asks for nothing, as in Java.
  const given = operands.filter((operand) => operand !== '');
  const inside =
    given.length > 1 ? given.map((operand) => `[${operand}]`).join('&&') : (given[0] ?? '');
  return { text: `[${isNegated ? '^' : ''}${inside}]`, end: at + 1 };
}

function parseItem(source: string, at: number, ignoresSpace: boolean): Parsed {
  if (source[at] === '[') return parseClass(source, at, ignoresSpace);
  if (source.startsWith('\\Q', at)) return parseQuoted(source, at);
  const first = parseOne(source, at);
  const isRange =
    first.codePoint !== undefined &&
    source[first.end] === '-' &&
    !['', '[', ']'].includes(source[first.end + 1] ?? '') &&
    !source.startsWith('&&', first.end + 1);
  if (!isRange) return first;
  const last = parseOne(source, first.end + 1);
  if (last.codePoint === undefined || last.codePoint < (first.codePoint ?? 0))
    throw problem('Illegal character range', at);
  return { text: `${first.text}-${last.text}`, end: last.end };
}

function parseOne(source: string, at: number): Parsed & { readonly codePoint?: number } {
  if (source[at] === '\\') return parseEscape(source, at, true);
  const codePoint = source.codePointAt(at) ?? 0;
  const length = String.fromCodePoint(codePoint).length;
  return { text: literal(codePoint), codePoint, end: at + length };
}

function parseQuoted(source: string, at: number): Parsed {
  const close = source.indexOf('\\E', at + 2);
  if (close === -1) throw problem('Unclosed character class', at);
  const text = Array.from(source.slice(at + 2, close), (character) =>
    literal(character.codePointAt(0) ?? 0),
  ).join('');
  return { text, end: close + 2 };
}

function problem(message: string, at: number): RegexProblem {
  return new RegexProblem(`${message} (at character ${String(at)})`);
}
