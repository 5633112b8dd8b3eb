/** Java's regular expressions and replacement texts on JavaScript's engine. */
import { emitRegex } from './emit.ts';
import { parseJavaRegex } from './parse.ts';
import { RegexProblem } from './syntax.ts';

export class JavaRegex {
  readonly #whole: RegExp;
  readonly #first: RegExp;
  readonly #groups: ReadonlyMap<number, number>;
  readonly #forgetful: ReadonlySet<number>;
  readonly #hasEmptyRounds: boolean;
  readonly #names: ReadonlyMap<string, number>;
  readonly #groupCount: number;

  /** @throws RegexProblem that says what is wrong, or what JavaScript cannot do the same. */
  constructor(source: string) {
    const parsed = parseJavaRegex(source);
    const { forgetful, groups, hasEmptyRounds, text } = emitRegex(parsed);
    try {
      this.#whole = new RegExp(`^(?:${text})$`, 'v');
      this.#first = new RegExp(text, 'v');
    } catch (error) {
      throw new RegexProblem('JavaScript has no such regular expression', { cause: error });
    }
    this.#groups = groups;
    this.#forgetful = forgetful;
    this.#hasEmptyRounds = hasEmptyRounds;
    this.#names = parsed.names;
    this.#groupCount = parsed.groupCount;
  }

  /** The whole text, as Matcher.matches. */
  matches(text: string): boolean {
    return this.#whole.test(text);
  }

  /**
   * As Matcher.replaceFirst with this replacement text, in which `$1`, `${name}` and backslashes mean what they do
   * in Java.
   * @throws RegexProblem for a group that there is not, or an expression of which JavaScript finds other parts.
   */
  replacer(replacement: string): (text: string) => string {
    if (this.#hasEmptyRounds)
      throw new RegexProblem(
        'the regular expression repeats what may match nothing, and JavaScript would replace another part of the topic',
      );
    const parts = this.#parseReplacement(replacement);
    return (text) => {
      const found = this.#first.exec(text);
      if (!found) return text;
      const inserted = parts
        .map((part) => (typeof part === 'string' ? part : (found[part] ?? '')))
        .join('');
      return text.slice(0, found.index) + inserted + text.slice(found.index + found[0].length);
    };
  }

  /** Texts, and JavaScript's numbers of groups. */
  #parseReplacement(replacement: string): (string | number)[] {
    const parts: (string | number)[] = [];
    let at = 0;
    while (at < replacement.length) {
      const [plain] = /^[^\\$]+/.exec(replacement.slice(at)) ?? [];
      if (plain !== undefined) {
        parts.push(plain);
        at += plain.length;
      } else if (replacement[at] === '\\') {
        const escaped = replacement.slice(at + 1, at + 2);
        if (escaped === '') throw new RegexProblem('character to be escaped is missing');
        parts.push(escaped);
        at += 2;
      } else {
        const group = this.#groupReference(replacement.slice(at));
        parts.push(group.index);
        at += group.length;
      }
    }
    return parts;
  }

  #groupReference(text: string): { index: number; length: number } {
    const [named, name] = /^\$\{([a-zA-Z][a-zA-Z0-9]*)\}/.exec(text) ?? [];
    if (named !== undefined && name !== undefined) {
      const index = this.#names.get(name);
      if (index === undefined) throw new RegexProblem(`No group with name {${name}}`);
      return { index: this.#jsGroup(index), length: named.length };
    }
    const [, digits] = /^\$(\d+)/.exec(text) ?? [];
    if (digits === undefined) throw new RegexProblem('Illegal group reference');
    let length = 1;
    while (length < digits.length && Number(digits.slice(0, length + 1)) <= this.#groupCount)
      length += 1;
    const index = Number(digits.slice(0, length));
    if (index > this.#groupCount) throw new RegexProblem(`No group ${String(index)}`);
    return { index: index === 0 ? 0 : this.#jsGroup(index), length: 1 + length };
  }

  #jsGroup(index: number): number {
    if (this.#forgetful.has(index))
      throw new RegexProblem(
        `group ${String(index)} stands within a repetition and does not take part in each round: JavaScript forgets it then`,
      );
    return this.#groups.get(index) ?? 0;
  }
}
