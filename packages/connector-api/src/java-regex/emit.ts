/**
 * Writes what was read as a JavaScript expression with flag v. Atomic groups and possessive quantifiers become a
 * lookahead that captures and a reference to it, so groups are numbered anew.
 *
 * Three things differ and are found here. A reference to a group that did not take part fails in Java and matches
 * nothing in JavaScript: it is refused unless the group always takes part. A group within a repetition keeps its
 * last match in Java, while JavaScript forgets it with each round: such groups are `forgetful`. A round of a
 * repetition that consumes nothing counts in Java and not in JavaScript: the same texts match as a whole, but not
 * the same part of a text, so it is refused where that matters.
 */
import { isAssertion, type Node, type ParsedRegex, RegexProblem } from './syntax.ts';

export interface EmittedRegex {
  readonly text: string;
  /** Java's number of a group → JavaScript's. */
  readonly groups: ReadonlyMap<number, number>;
  readonly forgetful: ReadonlySet<number>;
  /** Something is repeated that may consume nothing: only matches of a whole text are Java's. */
  readonly hasEmptyRounds: boolean;
}

/** @throws RegexProblem */
export function emitRegex({ root }: ParsedRegex): EmittedRegex {
  const emitter = new Emitter();
  const text = emitter.emit(root, []);
  const { forgetful, groups, hasEmptyRounds } = emitter;
  return { text, groups, forgetful, hasEmptyRounds };
}

/** What a node lies in, from the outermost: only what may leave it out or repeat it. */
type Place =
  | { readonly kind: 'branch' | 'optional' | 'negative' }
  | { readonly kind: 'repetition' };

class Emitter {
  readonly groups = new Map<number, number>();
  readonly forgetful = new Set<number>();
  hasEmptyRounds = false;
  readonly #emptyGroups = new Set<number>();
  #atomicDepth = 0;
  readonly #placeOf = new Map<number, readonly Place[]>();
  #count = 0;

  emit(node: Node, places: readonly Place[]): string {
    switch (node.kind) {
      case 'atom':
        return node.text;
      case 'sequence':
        return node.items.map((item) => this.emit(item, places)).join('');
      case 'alternation':
        return node.branches
          .map((branch) => this.emit(branch, [...places, { kind: 'branch' }]))
          .join('|');
      case 'capture':
        return this.#capture(node.index, node.body, places);
      case 'group': {
        const inner: readonly Place[] = node.opening.includes('!')
          ? [...places, { kind: 'negative' }]
          : places;
        return `${node.opening}${this.emit(node.body, inner)})`;
      }
      case 'atomic':
        return this.#atomic(() => this.emit(node.body, places));
      case 'reference':
        return this.#reference(node.index, places);
      case 'repeated':
        return this.#repeated(node, places);
      default:
        return node satisfies never;
    }
  }

  #capture(index: number, body: Node, places: readonly Place[]): string {
    this.#count += 1;
    this.groups.set(index, this.#count);
    this.#placeOf.set(index, places);
    const repetition = places.findIndex(({ kind }) => kind === 'repetition');
    if (repetition !== -1 && places.slice(repetition).some(({ kind }) => kind !== 'repetition'))
      this.forgetful.add(index);
    const text = this.emit(body, places);
    if (mayBeEmpty(body, this.#emptyGroups)) this.#emptyGroups.add(index);
    return `(${text})`;
  }

  #atomic(body: () => string): string {
    this.#count += 1;
    const index = this.#count;
    this.#atomicDepth += 1;
    const text = body();
    this.#atomicDepth -= 1;
    return `(?:(?=(${text}))\\${String(index)})`;
  }

  #reference(index: number, places: readonly Place[]): string {
    const own = this.#placeOf.get(index) ?? [];
    const isCertain = own.every((place, depth) => {
      const mayLeaveOut = place.kind !== 'repetition';
      return !mayLeaveOut || places[depth] === place;
    });
    if (!isCertain || this.forgetful.has(index))
      throw new RegexProblem(
        `the back reference to group ${String(index)}, which does not always take part, matches differently in JavaScript`,
      );
    return `(?:\\${String(this.groups.get(index))})`;
  }

  #repeated(node: Extract<Node, { kind: 'repeated' }>, places: readonly Place[]): string {
    const inner: Place[] = [...places];
    if (node.min === 0) inner.push({ kind: 'optional' });
    if (node.max > 1) inner.push({ kind: 'repetition' });
    const repeat = (): string => {
      // An assertion cannot be repeated without a group around it.
      const isAtom =
        node.body.kind === 'atom' &&
        !node.body.text.startsWith('(') &&
        !isAssertion(node.body.text);
      const body = this.emit(node.body, inner);
      // Only now it is known which groups within it may be empty.
      if (mayBeEmpty(node.body, this.#emptyGroups) && (node.max > 1 || prefersLess(node.body)))
        this.#noteEmptyRounds();
      return `${isAtom ? body : `(?:${body})`}${node.suffix}`;
    };
    return node.isPossessive ? this.#atomic(repeat) : repeat();
  }

  #noteEmptyRounds(): void {
    if (this.#atomicDepth > 0)
      throw new RegexProblem(
        'what an atomic group or possessive quantifier repeats may match nothing, which runs differently in JavaScript',
      );
    this.hasEmptyRounds = true;
  }
}

/** Whether it may match nothing although it could match something: lazy, or one of several ways. */
function prefersLess(node: Node): boolean {
  switch (node.kind) {
    case 'atom':
    case 'reference':
      return false;
    case 'sequence':
      return node.items.some(prefersLess);
    case 'alternation':
      return true;
    case 'group':
    case 'capture':
    case 'atomic':
      return prefersLess(node.body);
    case 'repeated':
      return node.suffix.length > 1 && node.suffix.endsWith('?') ? true : prefersLess(node.body);
    default:
      return node satisfies never;
  }
}

/** `emptyGroups` are the groups before it that may have matched nothing. */
function mayBeEmpty(node: Node, emptyGroups: ReadonlySet<number>): boolean {
  const isEmpty = (each: Node): boolean => mayBeEmpty(each, emptyGroups);
  switch (node.kind) {
    case 'atom':
      return isAssertion(node.text);
    case 'sequence':
      return node.items.every(isEmpty);
    case 'alternation':
      return node.branches.some(isEmpty);
    case 'group':
      return /[=!]$/.test(node.opening) || isEmpty(node.body);
    case 'capture':
    case 'atomic':
      return isEmpty(node.body);
    case 'reference':
      return emptyGroups.has(node.index);
    case 'repeated':
      return node.min === 0 || isEmpty(node.body);
    default:
      return node satisfies never;
  }
}
