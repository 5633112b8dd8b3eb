/**
 * Lua's patterns as regular expressions: both backtrack greedily from the left, so the same text matches.
 * Refused are `%b`, `%f`, back references and captures of a position, which have no equal there.
 */
const classes: Readonly<Record<string, string>> = {
  a: 'a-zA-Z',
  c: '\\x00-\\x1f\\x7f',
  d: '0-9',
  l: 'a-z',
  p: '!-\\/:-@\\[-`{-~',
  s: ' \\t-\\r',
  u: 'A-Z',
  w: 'a-zA-Z0-9',
  x: 'a-fA-F0-9',
};

/** @throws Error that says what of the pattern has no equal. */
export function compilePattern(pattern: string): RegExp {
  const isAnchored = pattern.startsWith('^');
  const translator = new Translator(pattern, isAnchored ? 1 : 0);
  return new RegExp((isAnchored ? '^' : '') + translator.translate(), 's');
}

class Translator {
  readonly #pattern: string;
  #position: number;

  constructor(pattern: string, from: number) {
    this.#pattern = pattern;
    this.#position = from;
  }

  translate(): string {
    let translated = '';
    while (this.#position < this.#pattern.length) translated += this.#item();
    return translated;
  }

  #item(): string {
    const pattern = this.#pattern;
    const char = pattern[this.#position] ?? '';
    if (char === '(' || char === ')') {
      this.#position++;
      if (char === '(' && pattern[this.#position] === ')') {
        throw new Error('a pattern that captures a position');
      }
      return char;
    }
    if (char === '$' && this.#position === pattern.length - 1) {
      this.#position++;
      return '$';
    }
    return this.#singleChar() + this.#quantifier();
  }

  #singleChar(): string {
    const char = this.#pattern[this.#position++] ?? '';
    if (char === '.') return '.';
    if (char === '[') return this.#set();
    return char === '%' ? this.#escaped(false) : literal(char);
  }

  /** After the `%`. */
  #escaped(isInSet: boolean): string {
    const char = this.#pattern[this.#position++];
    if (char === undefined) throw new Error('a malformed pattern (ends with "%")');
    const known = classes[char.toLowerCase()];
    if (known !== undefined) {
      const isNegated = char !== char.toLowerCase();
      if (!isInSet) return `[${isNegated ? '^' : ''}${known}]`;
      if (isNegated) throw new Error(`a negated class in a set ("%${char}")`);
      return known;
    }
    if (/[a-zA-Z0-9]/.test(char)) throw new Error(`"%${char}" in a pattern`);
    return literal(char);
  }

  /** After the `[`. */
  #set(): string {
    const pattern = this.#pattern;
    let set = '[';
    if (pattern[this.#position] === '^') {
      set += '^';
      this.#position++;
    }
    for (let isFirst = true; isFirst || pattern[this.#position] !== ']'; isFirst = false) {
      const char = pattern[this.#position++];
      if (char === undefined) throw new Error('a malformed pattern (missing "]")');
      const isRange = pattern[this.#position] === '-' && pattern[this.#position + 1] !== ']';
      if (char === '%') {
        set += this.#escaped(true);
      } else if (isRange) {
        set += `${literal(char)}-${literal(pattern[this.#position + 1] ?? '')}`;
        this.#position += 2;
      } else {
        set += literal(char);
      }
    }
    this.#position++;
    return `${set}]`;
  }

  #quantifier(): string {
    const char = this.#pattern[this.#position];
    if (char !== '*' && char !== '+' && char !== '?' && char !== '-') return '';
    this.#position++;
    return char === '-' ? '*?' : char;
  }
}

function literal(char: string): string {
  return /[a-zA-Z0-9_ ]/.test(char)
    ? char
    : `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
