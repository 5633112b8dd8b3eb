/** A Java regular expression as states between which characters lead (Thompson's construction). */
import { isAssertion, lineBreak, type Node, type ParsedRegex, RegexProblem } from './syntax.ts';

export type State =
  | { readonly kind: 'end' }
  /** Consumes one character that is of the class. */
  | { readonly kind: 'character'; readonly isOne: (character: string) => boolean; next: number }
  /** Consumes nothing. */
  | { readonly kind: 'split'; readonly nexts: number[] }
  | { readonly kind: 'assertion'; readonly regex: RegExp; next: number }
  | { readonly kind: 'look'; readonly look: Look; next: number };

/** `(?=`, `(?!`, `(?<=`, `(?<!`. */
export interface Look {
  readonly body: Automaton;
  readonly isBehind: boolean;
  readonly isNegative: boolean;
}

export interface Automaton {
  readonly states: readonly State[];
  readonly start: number;
}

/** A list of a thousand long names fits; what is repeated with a count is there as often. */
const statesMax = 50_000;
/** How deep the stack may become. */
const depthMax = 100;

/** @throws RegexProblem for what has no bound of time, or of size. */
export function automatonOf({ root }: ParsedRegex): Automaton {
  return new Builder({ left: statesMax, classes: new Map() }).build(root, 0);
}

interface Shared {
  left: number;
  readonly classes: Map<string, (character: string) => boolean>;
}

/** From the end to the start: each node is given the state that comes after it, and returns its first. */
class Builder {
  readonly #shared: Shared;
  readonly #states: State[] = [];

  constructor(shared: Shared) {
    this.#shared = shared;
  }

  build(root: Node, depth: number): Automaton {
    const end = this.#add({ kind: 'end' });
    return { start: this.#before(root, end, depth), states: this.#states };
  }

  #before(node: Node, next: number, depth: number): number {
    if (depth > depthMax) throw new RegexProblem('it is nested too deeply');
    switch (node.kind) {
      case 'atom':
        return this.#atom(node.text, next);
      case 'sequence':
        return node.items.reduceRight((after, item) => this.#before(item, after, depth + 1), next);
      case 'alternation':
        return this.#add({
          kind: 'split',
          nexts: node.branches.map((branch) => this.#before(branch, next, depth + 1)),
        });
      case 'capture':
        return this.#before(node.body, next, depth + 1);
      case 'group':
        return this.#group(node.opening, node.body, next, depth + 1);
      case 'repeated':
        if (node.isPossessive) throw unbounded('a possessive quantifier');
        return this.#repeated(node, next, depth + 1);
      case 'atomic':
        throw unbounded('an atomic group');
      case 'reference':
        throw unbounded('a back reference');
      default:
        return node satisfies never;
    }
  }

  #atom(text: string, next: number): number {
    if (text === lineBreak) throw new RegexProblem('\\R is not supported here');
    if (isAssertion(text))
      return this.#add({ kind: 'assertion', regex: compiled(text, 'vy'), next });
    const { classes } = this.#shared;
    let isOne = classes.get(text);
    if (!isOne) classes.set(text, (isOne = classOf(text)));
    return this.#add({ kind: 'character', isOne, next });
  }

  #group(opening: string, body: Node, next: number, depth: number): number {
    if (!/[=!]$/.test(opening)) return this.#before(body, next, depth);
    const look = {
      body: new Builder(this.#shared).build(body, depth),
      isBehind: opening.includes('<'),
      isNegative: opening.endsWith('!'),
    };
    return this.#add({ kind: 'look', look, next });
  }

  #repeated(
    { body, max, min }: Extract<Node, { kind: 'repeated' }>,
    next: number,
    depth: number,
  ): number {
    let first = next;
    if (max === Number.POSITIVE_INFINITY) {
      const nexts = [next];
      first = this.#add({ kind: 'split', nexts });
      nexts.push(this.#before(body, first, depth));
    } else {
      for (let optional = min; optional < max; optional += 1)
        first = this.#add({ kind: 'split', nexts: [next, this.#before(body, first, depth)] });
    }
    for (let certain = 0; certain < min; certain += 1) first = this.#before(body, first, depth);
    return first;
  }

  #add(state: State): number {
    this.#shared.left -= 1;
    if (this.#shared.left < 0) throw new RegexProblem('it is too large, or repeats too often');
    return this.#states.push(state) - 1;
  }
}

/** There are few different characters in texts. */
function classOf(atom: string): (character: string) => boolean {
  const regex = compiled(`^(?:${atom})$`, 'v');
  const known = new Map<string, boolean>();
  return (character) => {
    let isOne = known.get(character);
    if (isOne === undefined) {
      isOne = regex.test(character);
      if (known.size < 1_000) known.set(character, isOne);
    }
    return isOne;
  };
}

function compiled(text: string, flags: string): RegExp {
  try {
    return new RegExp(text, flags);
  } catch (error) {
    throw new RegexProblem('JavaScript has no such regular expression', { cause: error });
  }
}

function unbounded(what: string): RegexProblem {
  return new RegexProblem(
    `${what} is not supported here: how long it takes to match could not be bounded`,
  );
}
