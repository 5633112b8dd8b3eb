/** Escape sequences of Java's regular expressions. */
import {
  endOfLastLine,
  endOfText,
  lineBreak,
  literal,
  predefined,
  property,
  RegexProblem,
  startOfText,
} from './syntax.ts';

export interface Escape {
  readonly text: string;
  /** `text` is the inside of a class. */
  readonly isClass: boolean;
  /** Set if it stands for one character, which may begin or end a range. */
  readonly codePoint?: number;
  readonly end: number;
}

const controls: Readonly<Record<string, number>> = {
  t: 9,
  n: 10,
  r: 13,
  f: 12,
  a: 7,
  e: 27,
};

const assertions: Readonly<Record<string, string>> = {
  A: startOfText,
  Z: endOfLastLine,
  z: endOfText,
  b: '\\b',
  B: '\\B',
  R: lineBreak,
};

export interface EscapeOptions {
  readonly isInClass?: boolean;
  readonly ignoreCase?: boolean;
}

/** The escape sequence whose backslash is at `at`; not back references and quotations. @throws RegexProblem */
export function parseEscape(
  source: string,
  at: number,
  { isInClass = false, ignoreCase = false }: EscapeOptions = {},
): Escape {
  const rest = source.slice(at + 1);
  const letter = rest[0];
  if (letter === undefined) throw problem('Unexpected end after a backslash', at);
  const numbered = codePointOf(rest, at);
  if (numbered) return character(numbered.codePoint, at + 1 + numbered.length);
  const control = controls[letter];
  if (control !== undefined) return character(control, at + 2);
  const inside = predefined[letter.toLowerCase()];
  if (inside !== undefined) {
    const isNegated = letter !== letter.toLowerCase();
    return { text: isNegated ? `[^${inside}]` : inside, isClass: true, end: at + 2 };
  }
  if (letter === 'p' || letter === 'P') {
    const [text = '', braced, single] = /^[pP](?:\{([^}]*)\}|([A-Z]))/.exec(rest) ?? [];
    const name = braced ?? single;
    if (name === undefined) throw problem('Unknown character property', at);
    return {
      text: property(name, letter === 'P', ignoreCase),
      isClass: true,
      end: at + 1 + text.length,
    };
  }
  const assertion = assertions[letter];
  if (assertion !== undefined && !isInClass && !rest.startsWith('b{'))
    return { text: assertion, isClass: false, end: at + 2 };
  if (/[a-zA-Z0-9]/.test(letter))
    throw problem(`the escape sequence \\${letter} is unknown, or has no counterpart`, at);
  const codePoint = rest.codePointAt(0) ?? 0;
  return character(codePoint, at + 1 + String.fromCodePoint(codePoint).length);
}

/** `\xhh`, `\x{h…h}`, `\uhhhh` (two of a surrogate pair as one), `\0ooo`, `\cX`. */
function codePointOf(rest: string, at: number): { codePoint: number; length: number } | undefined {
  const [pair] = /^u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}/.exec(rest) ?? [];
  if (pair !== undefined) {
    const units = [pair.slice(1, 5), pair.slice(7)].map((hex) => Number.parseInt(hex, 16));
    return { codePoint: String.fromCharCode(...units).codePointAt(0) ?? 0, length: pair.length };
  }
  const [text, two, braced, four, octal, control] =
    /^(?:x([0-9a-fA-F]{2})|x\{([0-9a-fA-F]+)\}|u([0-9a-fA-F]{4})|0([0-3]?[0-7]{1,2})|c([\s\S]))/.exec(
      rest,
    ) ?? [];
  if (text === undefined) return undefined;
  const hex = two ?? braced ?? four;
  if (hex !== undefined) {
    const codePoint = Number.parseInt(hex, 16);
    if (codePoint > 0x10ffff) throw problem('Hexadecimal codepoint is too big', at);
    return { codePoint, length: text.length };
  }
  const codePoint =
    octal === undefined ? (control ?? '').charCodeAt(0) ^ 64 : Number.parseInt(octal, 8);
  return { codePoint, length: text.length };
}

function character(codePoint: number, end: number): Escape {
  return { text: literal(codePoint), isClass: false, codePoint, end };
}

function problem(message: string, at: number): RegexProblem {
  return new RegexProblem(`${message} (at character ${String(at)})`);
}
