/** What a Java regular expression consists of, as far as JavaScript can do the same. */

/** Says which part of an expression cannot be taken over, or is wrong. */
export class RegexProblem extends Error {
  override readonly name: string = 'RegexProblem';
}

export type Node =
  /** JavaScript text that consumes one character, or asserts something. */
  | { readonly kind: 'atom'; readonly text: string }
  | { readonly kind: 'sequence'; readonly items: readonly Node[] }
  | { readonly kind: 'alternation'; readonly branches: readonly Node[] }
  | { readonly kind: 'capture'; readonly index: number; readonly body: Node }
  /** `(?:`, `(?=`, `(?!`, `(?<=`, `(?<!`. */
  | { readonly kind: 'group'; readonly opening: string; readonly body: Node }
  | { readonly kind: 'atomic'; readonly body: Node }
  | { readonly kind: 'reference'; readonly index: number }
  | {
      readonly kind: 'repeated';
      readonly body: Node;
      readonly min: number;
      readonly max: number;
      readonly suffix: string;
      readonly isPossessive: boolean;
    };

export interface ParsedRegex {
  readonly root: Node;
  readonly groupCount: number;
  readonly names: ReadonlyMap<string, number>;
}

/** A character that stands for itself, within a class or outside. */
export function literal(codePoint: number): string {
  const character = String.fromCodePoint(codePoint);
  return /^[0-9A-Za-z_]$/.test(character) ? character : `\\u{${codePoint.toString(16)}}`;
}

/** The inside of a class; undefined for what is no ASCII letter. */
export function bothCases(codePoint: number): string | undefined {
  const character = String.fromCodePoint(codePoint);
  if (!/^[A-Za-z]$/.test(character)) return undefined;
  return character.toLowerCase() + character.toUpperCase();
}

const lineEnds = '\\n\\r\\u{85}\\u{2028}\\u{2029}';
export const anyCharacter = '[\\s\\S]';
export const anyInLine = `[^${lineEnds}]`;
export const startOfText = '(?<![\\s\\S])';
export const endOfText = '(?![\\s\\S])';
/** `$` and `\Z` stand also before a line end that ends the text. */
export const endOfLastLine = `(?=(?:\\r\\n|[${lineEnds}])?(?![\\s\\S]))`;
const wordBoundaries: readonly string[] = ['\\b', '\\B'];
export const lineBreak = `(?:\\r\\n|[\\n\\v\\f\\r\\u{85}\\u{2028}\\u{2029}])`;

const assertions = new Set([startOfText, endOfText, endOfLastLine, ...wordBoundaries]);

/** An atom that consumes nothing. */
export function isAssertion(text: string): boolean {
  return assertions.has(text);
}

/** Contents of classes. */
export const predefined: Readonly<Record<string, string>> = {
  d: '0-9',
  s: ' \\t\\n\\v\\f\\r',
  w: 'A-Za-z0-9_',
  h: ' \\t\\u{a0}\\u{1680}\\u{180e}\\u{2000}-\\u{200a}\\u{202f}\\u{205f}\\u{3000}',
  v: '\\n\\v\\f\\r\\u{85}\\u{2028}\\u{2029}',
};

const posix: Readonly<Record<string, string>> = {
  Lower: 'a-z',
  Upper: 'A-Z',
  ASCII: '\\0-\\u{7f}',
  Alpha: 'A-Za-z',
  Digit: '0-9',
  Alnum: 'A-Za-z0-9',
  Punct: '\\u{21}-\\u{2f}\\u{3a}-\\u{40}\\u{5b}-\\u{60}\\u{7b}-\\u{7e}',
  Graph: '\\u{21}-\\u{7e}',
  Print: '\\u{20}-\\u{7e}',
  Blank: ' \\t',
  Cntrl: '\\0-\\u{1f}\\u{7f}',
  XDigit: '0-9A-Fa-f',
  Space: ' \\t\\n\\v\\f\\r',
};

const binaryProperties: Readonly<Record<string, string>> = {
  alphabetic: 'Alphabetic',
  ideographic: 'Ideographic',
  letter: 'L',
  lowercase: 'Lowercase',
  uppercase: 'Uppercase',
  titlecase: 'Lt',
  punctuation: 'P',
  control: 'Cc',
  white_space: 'White_Space',
  digit: 'Nd',
  hex_digit: 'Hex_Digit',
};

/** The class of `\p{name}`, or of its opposite. @throws RegexProblem for one that JavaScript has not. */
export function property(name: string, isNegated: boolean, ignoreCase = false): string {
  if (ignoreCase) {
    if (/^(?:Lower|Upper)$/.test(name)) return property('Alpha', isNegated);
    if (/^(?:Is)?(?:L[ult]|lowercase|uppercase|titlecase)$/i.test(name))
      throw new RegexProblem(`\\p{${name}} that ignores case has no counterpart in JavaScript`);
  }
  const ascii = posix[name];
  if (ascii !== undefined) return `[${isNegated ? '^' : ''}${ascii}]`;
  const text = `\\${isNegated ? 'P' : 'p'}{${propertyName(name)}}`;
  try {
    return new RegExp(text, 'v').source;
  } catch {
    throw new RegexProblem(`the property \\p{${name}} has no counterpart in JavaScript`);
  }
}

function propertyName(name: string): string {
  const [, key, value] = /^(\w+)=(\w+)$/.exec(name) ?? [];
  if (key !== undefined && value !== undefined) {
    if (/^(script|sc)$/i.test(key)) return `Script=${value}`;
    if (/^(general_category|gc)$/i.test(key)) return `gc=${value}`;
    return name;
  }
  if (/^(L|M|N|P|S|Z|C)[a-z]?$/.test(name)) return name;
  const [, is] = /^Is(\w+)$/.exec(name) ?? [];
  if (is === undefined) return `unknown=${name}`;
  const binary = binaryProperties[is.toLowerCase()];
  if (binary !== undefined) return binary;
  return /^(L|M|N|P|S|Z|C)[a-z]?$/.test(is) ? is : `Script=${is}`;
}
