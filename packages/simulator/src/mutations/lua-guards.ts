/** The guards of a Lua file: conditions of `if`, `elseif` and `while`, and each operand of `and` and `or`. */
import { type Chunk, type Expression, type Node, parse } from 'luaparse';

import { type Guard, guardAt } from './mutation.ts';

type Ranged = Node & { readonly range?: readonly [number, number] };

/** @throws Error for a file that does not parse. */
export function guardsOfLua(file: string, source: string): Guard[] {
  // What Redis reads is not Lua's.
  const readable = source.replace(/^#!/, '--');
  const chunk: Chunk = parse(readable, { luaVersion: '5.1', ranges: true, scope: false });
  const found = new Map<string, Guard>();
  const guard = (node: Expression): void => {
    const { range } = node as Ranged;
    if (!range || node.type === 'BooleanLiteral' || node.type === 'NilLiteral') return;
    const [start, end] = range;
    found.set(`${start}-${end}`, guardAt(file, source, start, end));
  };
  /** An expression of which only matters whether it holds. */
  const condition = (node: Expression): void => {
    guard(node);
    if (node.type !== 'LogicalExpression') return;
    condition(node.left);
    condition(node.right);
  };
  visit(chunk, (node) => {
    switch (node.type) {
      case 'IfClause':
      case 'ElseifClause':
      case 'WhileStatement':
        condition(node.condition);
        break;
      case 'LogicalExpression':
        // Of `a and b or c` as a value, only `a` decides; a default (`x or 0`) guards nothing.
        if (node.operator === 'and' || isComparison(node.left)) condition(node.left);
        if (isComparison(node.right)) condition(node.right);
        break;
    }
  });
  return [...found.values()].toSorted((a, b) => a.start - b.start || b.end - a.end);
}

function isComparison(node: Expression): boolean {
  if (node.type === 'UnaryExpression') return node.operator === 'not';
  return node.type === 'BinaryExpression' && /^([<>]=?|[=~]=)$/.test(node.operator);
}

function visit(node: Node, enter: (node: Node) => void): void {
  enter(node);
  for (const value of Object.values(node) as unknown[]) {
    for (const child of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (isNode(child)) visit(child, enter);
    }
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value;
}
