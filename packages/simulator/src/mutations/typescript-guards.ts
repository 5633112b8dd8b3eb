/**
 * The guards of a TypeScript file: conditions of `if`, `while`, `for` and `?:`, logical expressions that are returned
 * or kept, each operand of `&&` and `||` in any of them, and each comparison and `!` anywhere. Of a default, `a || 'none'`,
 * what it stands in for.
 */
import { parseSync } from 'vite';

import { type FoundGuard, type GuardRole, inOrder } from './mutation.ts';

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

/** @throws Error for a file that does not parse. */
export function guardsOfTypeScript(file: string, source: string): FoundGuard[] {
  const { program, errors } = parseSync(file, source);
  if (errors.length > 0) throw new Error(`${file} does not parse: ${errors[0]?.message}`);
  const found = new Map<string, FoundGuard>();
  const add = (node: Node, role: GuardRole): void => {
    // `while (true)` guards nothing.
    if (node.type === 'Literal') return;
    if (node.type === 'ParenthesizedExpression') {
      add(node['expression'] as Node, role);
      return;
    }
    const key = `${node.start}-${node.end}`;
    if (!found.has(key)) found.set(key, { from: node.start, to: node.end, role });
    if (node.type !== 'LogicalExpression' || node['operator'] === '??') return;
    const part = node['operator'] === '&&' ? 'operand of and' : 'operand of or';
    add(node['left'] as Node, part);
    add(node['right'] as Node, part);
  };
  visit(program as unknown as Node, (node) => {
    const condition = conditionOf(node);
    if (condition) add(condition, 'condition');
    // What is found as part of a condition is not found again as a value.
    if (isComparison(node)) add(node, 'value');
  });
  return inOrder(found.values());
}

function conditionOf(node: Node): Node | undefined {
  switch (node.type) {
    case 'IfStatement':
    case 'WhileStatement':
    case 'DoWhileStatement':
    case 'ForStatement':
    case 'ConditionalExpression':
      return (node['test'] ?? undefined) as Node | undefined;
    case 'LogicalExpression':
      if (node['operator'] === '??') return undefined;
      return (node['right'] as Node).type === 'Literal' ? (node['left'] as Node) : node;
    default:
      return undefined;
  }
}

function isComparison({ type, operator }: Node): boolean {
  if (type === 'UnaryExpression') return operator === '!';
  return type === 'BinaryExpression' && /^(?:[=!]==?|[<>]=?)$/.test(String(operator));
}

function visit(node: Node, enter: (node: Node) => void): void {
  enter(node);
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) {
      if (isNode(child)) visit(child, enter);
    }
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';
}
