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
import { type FoundGuard, type GuardRole, inOrder, type Range } from './mutation.ts';

/** @throws Error for a file that does not parse. */
export function guardsOfLua(file: string, text: string): FoundGuard[] {
  // Offsets stay the same: the parser is given the first line as a comment of the same length.
  const source = text.replace(/^#!/, '--');
  const guards = new Map<string, FoundGuard>();
  const add: Add = (node, role) => {
    const { from, to } = rangeOf(node, source);
    const key = `${from}-${to}`;
    // A literal guards nothing; what is found as part of a condition is not found again as a value.
    if (/^(?:true|false|nil)$/.test(source.slice(from, to)) || guards.has(key)) return;
    guards.set(key, { from, to, role });
  };
  visit(parseLua(file, source), add);
  return inOrder(guards.values());
}

type Add = (guard: Expression, role: GuardRole) => void;
type Tree = Readonly<Record<string, unknown>>;

function visit(node: unknown, add: Add): void {
  if (Array.isArray(node)) {
    for (const each of node) visit(each, add);
    return;
  }
  if (typeof node !== 'object' || node === null) return;
  const tree = node as Tree;
  if (isExpression(tree.condition)) addCondition(tree.condition, 'condition', add);
  if (isExpression(node)) {
    // Decides which of two values it is.
    if (node.type === 'LogicalExpression' && node.operator === 'and')
      addCondition(node.left, 'condition', add);
    if (isComparison(node)) add(node, 'value');
  }
  for (const value of Object.values(tree)) visit(value, add);
}

/** The whole, and each part that it is made of. */
function addCondition(node: Expression, role: GuardRole, add: Add): void {
  add(node, role);
  if (node.type !== 'LogicalExpression') return;
  const part: GuardRole = node.operator === 'and' ? 'operand of and' : 'operand of or';
  addCondition(node.left, part, add);
  addCondition(node.right, part, add);
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
