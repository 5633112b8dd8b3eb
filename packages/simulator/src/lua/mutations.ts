/**
 * Every guard of the product's scripts, and each way to break it: so that whoever looks for a lost guard can be
 * tried on all of them. A guard is
 *
 * - a condition of `if`, `elseif`, `while` and `repeat`,
 * - each operand of `and` and `or` in such a condition, and what stands before an `and` anywhere,
 * - each comparison and `not` anywhere.
 *
 * What stands before an `or` elsewhere is a value with a default, not a guard. A guard is broken in three ways:
 * taken for always true, for never true, and inverted. A piece that several scripts include is broken in all.
 */
import { readScriptFile, scriptFiles } from '@sluice/coordination-redis/script-source';

import { type Expression, parseLua } from './syntax.ts';

export type MutationKind = 'true' | 'false' | 'inverted';

export interface Mutation {
  /** The same as long as the text before it in the file is: `grant.lua:42:inverted`, with `.2` for a second on the line. */
  readonly id: string;
  readonly file: string;
  readonly line: number;
  readonly kind: MutationKind;
  /** The text of the guard. */
  readonly guard: string;
  /** The text of the whole file with it broken, for `ScriptBook`. */
  readonly text: string;
}

interface Range {
  readonly from: number;
  readonly to: number;
}

const replacements: Readonly<Record<MutationKind, (guard: string) => string>> = {
  true: () => 'true',
  false: () => 'false',
  inverted: (guard) => `not (${guard})`,
};

/** Of all files, or of some. */
export function enumerateMutations(files: readonly string[] = scriptFiles()): Mutation[] {
  return files.flatMap((file) => mutationsOf(file, readScriptFile(file)));
}

export function mutationsOf(file: string, text: string): Mutation[] {
  const onLine = new Map<number, number>();
  return guardsOf(file, text).flatMap(({ from, to }) => {
    const line = text.slice(0, from).split('\n').length;
    const number = (onLine.get(line) ?? 0) + 1;
    onLine.set(line, number);
    const place = `${file}:${line}${number === 1 ? '' : `.${number}`}`;
    const guard = text.slice(from, to);
    return (Object.keys(replacements) as MutationKind[]).map((kind) => ({
      id: `${place}:${kind}`,
      file,
      line,
      kind,
      guard,
      // In parentheses, and apart from what stands beside it.
      text: `${text.slice(0, from)} (${replacements[kind](guard)}) ${text.slice(to)}`,
    }));
  });
}

/** In the order of their beginnings, outer ones first. */
function guardsOf(file: string, text: string): Range[] {
  // Offsets stay the same: the parser is given the first line as a comment of the same length.
  const source = text.replace(/^#!/, '--');
  const guards = new Map<string, Range>();
  const add = (node: Expression): void => {
    const { from, to } = rangeOf(node, source);
    // A literal guards nothing.
    if (!/^(?:true|false|nil)$/.test(source.slice(from, to)))
      guards.set(`${from}-${to}`, { from, to });
  };
  visit(parseLua(file, source), add);
  return [...guards.values()].toSorted((a, b) => a.from - b.from || b.to - a.to);
}

type Tree = Readonly<Record<string, unknown>>;

function visit(node: unknown, add: (guard: Expression) => void): void {
  if (Array.isArray(node)) {
    for (const each of node) visit(each, add);
    return;
  }
  if (typeof node !== 'object' || node === null) return;
  const tree = node as Tree;
  if (isExpression(tree.condition)) addCondition(tree.condition, add);
  if (isExpression(node)) {
    if (isComparison(node)) add(node);
    if (node.type === 'LogicalExpression' && node.operator === 'and') addCondition(node.left, add);
  }
  for (const value of Object.values(tree)) visit(value, add);
}

/** The whole, and each part that it is made of. */
function addCondition(node: Expression, add: (guard: Expression) => void): void {
  add(node);
  if (node.type !== 'LogicalExpression') return;
  addCondition(node.left, add);
  addCondition(node.right, add);
}

function isComparison(node: Expression): boolean {
  if (node.type === 'UnaryExpression') return node.operator === 'not';
  return node.type === 'BinaryExpression' && /^(?:==|~=|[<>]=?)$/.test(node.operator);
}

function isExpression(node: unknown): node is Expression {
  if (typeof node !== 'object' || node === null || !('type' in node)) return false;
  return /Expression$|Literal$|^Identifier$/.test(String(node.type));
}

/** Without the parentheses around it. */
function rangeOf(node: Expression, source: string): Range {
  const { range } = node as { range?: readonly [number, number] };
  if (!range) throw new Error(`no range of ${node.type} in ${source.slice(0, 40)}`);
  return { from: range[0], to: range[1] };
}
