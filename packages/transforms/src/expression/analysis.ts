/**
 * What is known of an expression before it runs: the variables that it needs, and how its cost grows. Pure.
 *
 * The cost of a run is at most the nodes of the expression times the length of the longest list for each level of
 * comprehensions (`all`, `exists`, `map`, `filter`) within each other.
 */
import type { ASTNode } from '@marcbachmann/cel-js';
import { type ExpressionVariable, expressionVariables, linearMatches } from './environment.ts';

export interface ExpressionShape {
  readonly variables: ReadonlySet<ExpressionVariable>;
  readonly nodes: number;
  /** Of comprehensions within each other. */
  readonly depth: number;
  /** The longest list that is written in it. */
  readonly literalLength: number;
  /** Lists may come from texts, too: `split`. */
  readonly splitsTexts: boolean;
  /** How many times longer a text or list can get by `+`. */
  readonly growth: number;
}

const comprehensions = new Set(['all', 'exists', 'exists_one', 'map', 'filter']);

interface Counts {
  readonly variables: Set<ExpressionVariable>;
  nodes: number;
  literalLength: number;
  splitsTexts: boolean;
  additions: number;
}

interface Nesting {
  readonly depth: number;
  readonly binds: number;
}

export function shapeOf(ast: ASTNode): ExpressionShape {
  const counts: Counts = {
    variables: new Set(),
    nodes: 0,
    literalLength: 0,
    splitsTexts: false,
    additions: 0,
  };
  const { binds, depth } = visit(ast, counts);
  const { additions, ...known } = counts;
  return { ...known, depth, growth: (additions + 1) ** (binds + 1) };
}

/** Returns how deep comprehensions and bindings lie within each other. */
function visit(node: ASTNode, counts: Counts): Nesting {
  counts.nodes += 1;
  let adds: Nesting = { depth: 0, binds: 0 };
  switch (node.op) {
    case 'id': {
      const variable = expressionVariables.find((each) => each === node.args);
      if (variable) counts.variables.add(variable);
      break;
    }
    case '+':
      counts.additions += 1;
      break;
    case 'list':
      counts.literalLength = Math.max(counts.literalLength, node.args.length);
      break;
    case 'rcall': {
      const [name, , args] = node.args;
      if (name === 'split') counts.splitsTexts = true;
      if (comprehensions.has(name) && args.length >= 2) adds = { depth: 1, binds: 0 };
      if (name === 'bind') adds = { depth: 0, binds: 1 };
      break;
    }
    default:
  }
  let deepest: Nesting = { depth: 0, binds: 0 };
  for (const child of childrenOf(node)) {
    const inner = visit(child, counts);
    deepest = {
      depth: Math.max(deepest.depth, inner.depth),
      binds: Math.max(deepest.binds, inner.binds),
    };
  }
  return { depth: deepest.depth + adds.depth, binds: deepest.binds + adds.binds };
}

/**
 * The library matches by JavaScript's engine, which some patterns keep busy for ever, and lets nobody replace the
 * function: calls of it are renamed before they are checked.
 */
export function useLinearMatching(node: ASTNode): void {
  if (node.op === 'rcall' && node.args[0] === 'matches')
    (node.args as unknown as [string, ...unknown[]])[0] = linearMatches;
  for (const child of childrenOf(node)) useLinearMatching(child);
}

function childrenOf(node: ASTNode): readonly ASTNode[] {
  switch (node.op) {
    case 'value':
    case 'id':
      return [];
    case '.':
    case '.?':
      return [node.args[0]];
    case 'call':
      return node.args[1];
    case 'rcall':
      return [node.args[1], ...node.args[2]];
    case 'map':
      return node.args.flat();
    case '!_':
    case '-_':
      return [node.args];
    case 'list':
    case '?:':
      return node.args;
    default:
      return node.args;
  }
}
