/** Lua's text as a tree, and the errors that name a place in it. */
import { type Chunk, type Expression, parse, type Statement } from 'luaparse';

import { LuaCompileError } from './lua-error.ts';

export type { Chunk, Expression, Statement };
export type Node = Expression | Statement;

interface Parsed {
  /** Not in the parser's types. In parentheses, a call has one value. */
  readonly inParens?: boolean;
}

/** @throws LuaCompileError with name and line. */
export function parseLua(name: string, text: string): Chunk {
  try {
    return parse(text.replace(/^#!.*/, ''), {
      luaVersion: '5.1',
      locations: true,
      ranges: true,
      comments: false,
      // Gives literals a value; the text itself is taken as it is.
      encodingMode: 'pseudo-latin1',
    });
  } catch (error) {
    throw new LuaCompileError(`${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

export function lineOf(node: Node): number {
  return node.loc?.start.line ?? 0;
}

export function isInParentheses(node: Expression): boolean {
  return (node as Parsed).inParens === true;
}

/** `redis.call` of a member expression, `tonumber` of an identifier; undefined for anything else. */
export function dottedName(node: Expression): string | undefined {
  if (node.type === 'Identifier') return node.name;
  if (node.type !== 'MemberExpression' || node.indexer !== '.') return undefined;
  return node.base.type === 'Identifier' ? `${node.base.name}.${node.identifier.name}` : undefined;
}
