/** Classes like `[a-z&&[^bc]_]`: Java's unions and intersections are those of JavaScript's flag v. */
import { parseEscape } from './escapes.ts';
import { literal, RegexProblem } from './syntax.ts';

interface Parsed {
  readonly text: string;
  /** After the closing bracket. */
  readonly end: number;
}

interface ClassFlags {
  /** Spaces do not count. */
  readonly comments: boolean;
  readonly ignoreCase: boolean;
}

/** The class whose opening bracket is at `start`. @throws RegexProblem */
export function parseClass(source: string, start: number, flags: ClassFlags): Parsed {
  let at = start + 1;
  const isNegated = source[at] === '^';
  if (isNegated) at += 1;
  const operands: string[] = [];
  let union = '';
  let isEmpty = true;
  for (;;) {
    if (flags.comments) while (/\s/.test(source[at] ?? '')) at += 1;
    if (at >= source.length) throw problem('Unclosed character class', start);
    if (source[at] === ']' && !isEmpty) break;
    isEmpty = false;
    if (source.startsWith('&&', at)) {
      operands.push(union);
      union = '';
      at += 2;
      continue;
    }
    const item = parseItem(source, at, flags);
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

function parseItem(source: string, at: number, flags: ClassFlags): Parsed {
  if (source[at] === '[') return parseClass(source, at, flags);
  if (source.startsWith('\\Q', at)) return parseQuoted(source, at, flags);
  const first = parseOne(source, at, flags);
  const isRange =
    first.codePoint !== undefined &&
    source[first.end] === '-' &&
    !['', '[', ']'].includes(source[first.end + 1] ?? '') &&
    !source.startsWith('&&', first.end + 1);
  if (first.codePoint === undefined) return first;
  if (!isRange) return { ...first, text: rangeText(first.codePoint, first.codePoint, flags) };
  const last = parseOne(source, first.end + 1, flags);
  if (last.codePoint === undefined || last.codePoint < first.codePoint)
    throw problem('Illegal character range', at);
  return { text: rangeText(first.codePoint, last.codePoint, flags), end: last.end };
}

/** With the same letters of the other case, if case does not count. */
function rangeText(first: number, last: number, { ignoreCase }: ClassFlags): string {
  const range = (from: number, to: number): string =>
    from === to ? literal(from) : `${literal(from)}-${literal(to)}`;
  let text = range(first, last);
  if (!ignoreCase) return text;
  for (const [from, to, shift] of [
    [0x41, 0x5a, 32],
    [0x61, 0x7a, -32],
  ] as const) {
    const start = Math.max(first, from);
    const end = Math.min(last, to);
    if (start <= end) text += range(start + shift, end + shift);
  }
  return text;
}

function parseOne(
  source: string,
  at: number,
  { ignoreCase }: ClassFlags,
): Parsed & { readonly codePoint?: number } {
  if (source[at] === '\\') {
    return parseEscape(source, at, { isInClass: true, ignoreCase });
  }
  const codePoint = source.codePointAt(at) ?? 0;
  const length = String.fromCodePoint(codePoint).length;
  return { text: literal(codePoint), codePoint, end: at + length };
}

function parseQuoted(source: string, at: number, flags: ClassFlags): Parsed {
  const close = source.indexOf('\\E', at + 2);
  if (close === -1) throw problem('Unclosed character class', at);
  const text = Array.from(source.slice(at + 2, close), (character) => {
    const codePoint = character.codePointAt(0) ?? 0;
    return rangeText(codePoint, codePoint, flags);
  }).join('');
  return { text, end: close + 2 };
}

function problem(message: string, at: number): RegexProblem {
  return new RegexProblem(`${message} (at character ${String(at)})`);
}
