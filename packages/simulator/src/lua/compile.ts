/**
 * Compiles a script of Redis to JavaScript, once for all databases that it runs on. A subset of Lua 5.1: what
 * scripts use, with Lua's own results. Anything else is refused here, with the line.
 */
import { Calls, isCall } from './calls.ts';
import { type CompilerContext, Expressions } from './expressions.ts';
import { LuaError } from './lua-error.ts';
import { LuaTable, type LuaValue, type LuaValues } from './lua-table.ts';
import * as operators from './operators.ts';
import { FunctionScope, Names, Scope } from './scope.ts';
import { type CommandReply, type ScriptCommand, Status } from './script-command.ts';
import { Statements } from './statements.ts';
import { type Chunk, isInParentheses, parseLua } from './syntax.ts';

/** What a script answers: lists in lists, null for what is nil or false. */
export type ScriptReply = string | number | null | ScriptReply[];

export type CompiledScript<Database> = (
  database: Database,
  keys: readonly string[],
  args: readonly string[],
) => ScriptReply;

export class ErrorReply extends Error {
  override readonly name = 'ErrorReply';
}

const runtime = {
  ...operators,
  LuaTable,
  checkedTable,
  endless: 'a loop does not end',
  matched,
  roundsMax: 1_000_000,
  statusTable,
};

/** @throws LuaCompileError for what is not Lua, or not in the subset. */
export function compileScript<Database>(
  name: string,
  text: string,
  commands: ReadonlyMap<string, ScriptCommand<Database>>,
): CompiledScript<Database> {
  const chunk = parseLua(name, text);
  const bound = new Map<string, unknown>(Object.entries(runtime));
  const lasting: string[] = [];
  const names = new Names();
  const scope = new Scope(names, new FunctionScope(false));
  const [keys, args] = [scope.declare('KEYS'), scope.declare('ARGV')];

  const context: CompilerContext = {
    name,
    call: (node, within) => calls.one(node, within),
    hasValues: (node, within) => {
      if (node.type === 'VarargLiteral') return !isInParentheses(node);
      return isCall(node) && calls.hasValues(node, within);
    },
    values: (node, within) => {
      if (isCall(node)) return calls.values(node, within);
      return within.function.hasVarargs ? 'varargs' : expressions.refuse(node, '"..." here');
    },
    functionBody: (node, within) => statements.functionBody(node, within),
    lasting: () => {
      const js = names.make('$');
      lasting.push(js);
      return js;
    },
  };
  const bindings = {
    bind: (hint: string, value: unknown): string => {
      for (const [js, known] of bound) if (known === value) return js;
      const js = names.make(hint);
      bound.set(js, value);
      return js;
    },
  };
  const expressions = new Expressions(context);
  const calls = new Calls(commands, bindings, expressions);
  const assigned = assignedNames(chunk);
  const statements = new Statements({ expressions, calls, assigned });

  const body = statements.body(chunk.body, scope);
  const kept = lasting.length > 0 ? `let ${lasting.join(', ')};\n` : '';
  const js = `'use strict';\n${kept}return (db, ${keys}, ${args}) => {${body}};`;
  // What it is made of comes from the compiler: scripts only choose names and literals, which are escaped.
  // oxlint-disable-next-line typescript/no-implied-eval
  const make = new Function(...bound.keys(), js) as (...values: unknown[]) => LuaMain<Database>;
  const main = make(...bound.values());
  return (database, keyNames, argValues) =>
    toReply(
      operators.first(main(database, new LuaTable([...keyNames]), new LuaTable([...argValues]))),
    );
}

type LuaMain<Database> = (
  database: Database,
  keys: LuaTable,
  args: LuaTable,
) => LuaValue | LuaValues;

/** What Redis makes of the value that a script returns. @throws ErrorReply for an error table. */
function toReply(value: LuaValue): ScriptReply {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return Math.trunc(value) + 0;
  if (value === undefined || value === false || typeof value === 'function') return null;
  if (value === true) return 1;
  const error = value.get('err');
  if (typeof error === 'string') throw new ErrorReply(error);
  const status = value.get('ok');
  if (typeof status === 'string') return status;
  const items: ScriptReply[] = [];
  for (const item of value.array) {
    if (item === undefined) break;
    items.push(toReply(item));
  }
  return items;
}

/** A status as a script sees it; a reply of that command that is none is as it is. */
function statusTable(reply: CommandReply): LuaValue | CommandReply {
  return reply instanceof Status ? operators.makeTable([], [['ok', reply.text]]) : reply;
}

function checkedTable(value: LuaValue): LuaTable {
  if (value instanceof LuaTable) return value;
  throw new LuaError(`bad argument #1 (table expected, got ${operators.typeName(value)})`);
}

/** Captures, or all of it where there are none. */
function matched(match: RegExpExecArray | null): LuaValue | LuaValues {
  if (!match) return undefined;
  return match.length <= 2 ? match[match.length - 1] : match.slice(1);
}

function assignedNames(chunk: Chunk): ReadonlySet<string> {
  const names = new Set<string>();
  JSON.stringify(chunk, (_key, node: unknown) => {
    const { type, variables, identifier, isLocal } = (node ?? {}) as {
      type?: string;
      variables?: { type: string; name: string }[];
      identifier?: { name: string } | null;
      isLocal?: boolean;
    };
    if (type === 'AssignmentStatement') {
      for (const variable of variables ?? []) {
        if (variable.type === 'Identifier') names.add(variable.name);
      }
    }
    if (type === 'FunctionDeclaration' && isLocal === false && identifier)
      names.add(identifier.name);
    return node;
  });
  return names;
}
