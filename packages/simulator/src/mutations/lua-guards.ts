/**
 * Every guard of a Lua script. A guard is
 *
 * - a condition of `if`, `elseif`, `while` and `repeat`,
 * - each operand of `and` and `or` in such a condition, and what stands before an `and` anywhere,
 * - each comparison and `not` anywhere.
 *
 * What stands before an `or` elsewhere is a value with a default, not a guard.
 */
import { type Expression, parseLua } from '../lua/syntax.ts';
import { inOrder, type Range } from './mutation.ts';

/** @throws Error for a file that does not parse. */
export function guardsOfLua(file: string, text: string): Range[] {
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
  return inOrder(guards.values());
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
