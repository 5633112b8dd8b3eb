/**
 * Whether a Java regular expression matches a whole text, in time that grows with both and never explodes: it goes
 * through the text once, in all states that are possible at a time. JavaScript's engine tries one way after another
 * instead, which takes years for `(a+)+b` and forty letters a.
 */
import { type Automaton, automatonOf, type Look } from './automaton.ts';
import { parseJavaRegex } from './parse.ts';
import { RegexProblem } from './syntax.ts';

export class WholeMatch {
  readonly #automaton: Automaton;

  /** @throws RegexProblem that says what is wrong, or what cannot be matched this way. */
  constructor(source: string) {
    try {
      this.#automaton = automatonOf(parseJavaRegex(source));
    } catch (error) {
      if (error instanceof RangeError) throw new RegexProblem('it is nested too deeply');
      throw error;
    }
  }

  /** As Matcher.matches. */
  matches(text: string): boolean {
    return new Walk(text).reaches(this.#automaton, { from: 0, to: text.length });
  }
}

interface Span {
  readonly from: number;
  readonly to: number;
  /** Also from each later place. */
  readonly isAnyStart?: boolean;
  /** Also up to each earlier place. */
  readonly isAnyEnd?: boolean;
}

/** Through one text. */
class Walk {
  readonly #text: string;
  /** Of each assertion, by the place. */
  readonly #looks = new Map<Look, (boolean | undefined)[]>();

  constructor(text: string) {
    this.#text = text;
  }

  reaches({ start, states }: Automaton, { from, isAnyEnd, isAnyStart, to }: Span): boolean {
    let now = new Set<number>();
    for (let at = from; ; ) {
      if (at === from || isAnyStart) now.add(start);
      // Grows while it is gone through: what costs no character is possible as well.
      for (const index of now) {
        const state = states[index];
        if (state?.kind === 'split') for (const next of state.nexts) now.add(next);
        else if (state?.kind === 'assertion') {
          state.regex.lastIndex = at;
          if (state.regex.test(this.#text)) now.add(state.next);
        } else if (state?.kind === 'look') {
          if (this.#holds(state.look, at)) now.add(state.next);
        } else if (state?.kind === 'end' && (isAnyEnd || at === to)) return true;
      }
      if (at >= to) return false;
      const character = String.fromCodePoint(this.#text.codePointAt(at) ?? 0);
      const after = new Set<number>();
      for (const index of now) {
        const state = states[index];
        if (state?.kind === 'character' && state.isOne(character)) after.add(state.next);
      }
      now = after;
      if (now.size === 0 && !isAnyStart) return false;
      at += character.length;
    }
  }

  #holds(look: Look, at: number): boolean {
    let known = this.#looks.get(look);
    if (!known) this.#looks.set(look, (known = []));
    return (known[at] ??= this.#isThere(look, at) !== look.isNegative);
  }

  #isThere({ body, isBehind }: Look, at: number): boolean {
    return isBehind
      ? this.reaches(body, { from: 0, to: at, isAnyStart: true })
      : this.reaches(body, { from: at, to: this.#text.length, isAnyEnd: true });
  }
}
