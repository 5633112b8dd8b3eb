/** Compiles calls: of commands, of Lua's library, of functions of the script. */
import type { CallNode, Code, Expressions } from './expressions.ts';
import { type Directive, parseFormat } from './format.ts';
import { library } from './library.ts';
import { compilePattern } from './pattern.ts';
import type { Scope } from './scope.ts';
import type { ScriptCommand } from './script-command.ts';
import { dottedName, type Expression, isInParentheses } from './syntax.ts';

/** What the script's JavaScript refers to by name. */
export interface Bindings {
  bind(name: string, value: unknown): string;
}

/** A call, and how many values its JavaScript has: one as it is, an array, or one of both. */
interface CompiledCall extends Code {
  readonly returns: 'one' | 'several' | 'either';
}

interface CallParts {
  readonly name: string | undefined;
  readonly args: readonly Expression[];
}

const replyTables: Readonly<Record<string, string>> = {
  'redis.error_reply': 'err',
  'redis.status_reply': 'ok',
};

export class Calls<Database> {
  readonly #commands: ReadonlyMap<string, ScriptCommand<Database>>;
  readonly #bindings: Bindings;
  readonly #expressions: Expressions;

  constructor(
    commands: ReadonlyMap<string, ScriptCommand<Database>>,
    bindings: Bindings,
    expressions: Expressions,
  ) {
    this.#commands = commands;
    this.#bindings = bindings;
    this.#expressions = expressions;
  }

  one(node: CallNode, scope: Scope): Code {
    const call = this.#compile(node, scope);
    if (call.returns === 'one') return call;
    const js = call.returns === 'several' ? `${call.js}[0]` : `first(${call.js})`;
    return { js, kind: 'any' };
  }

  values(node: CallNode, scope: Scope): string {
    const call = this.#compile(node, scope);
    if (call.returns === 'several') return call.js;
    return call.returns === 'one' ? `[${call.js}]` : `all(${call.js})`;
  }

  hasValues(node: CallNode, scope: Scope): boolean {
    return !isInParentheses(node) && this.#returns(node, scope) !== 'one';
  }

  /** As a function returns it: one value as it is, others in an array. */
  returned(node: CallNode, scope: Scope): string {
    return this.#compile(node, scope).js;
  }

  /** A call whose values nobody sees. */
  effect(node: CallNode, scope: Scope): string {
    const { name, args } = partsOf(node);
    if (name !== 'redis.call' || this.#knownName(node, scope) === undefined) {
      return this.returned(node, scope);
    }
    return this.#commandCall(node, this.#command(node, args), args, scope);
  }

  /** The reply of a command as the array that it is, where nothing else sees it as a table. */
  replyList(node: Expression, scope: Scope): string | undefined {
    if (!isCall(node)) return undefined;
    const { name, args } = partsOf(node);
    const command = name === 'redis.call' ? this.#command(node, args) : undefined;
    return command?.reply === 'list' ? this.#commandCall(node, command, args, scope) : undefined;
  }

  #compile(node: CallNode, scope: Scope): CompiledCall {
    const parts = partsOf(node);
    const known = this.#knownName(node, scope);
    if (known === undefined) return this.#localCall(node, parts.args, scope);
    const { args } = parts;
    const key = replyTables[known];
    if (known === 'redis.call') return this.#redisCall(node, args, scope);
    if (key) return one(`makeTable([], [['${key}', ${this.#only(node, args, scope)}]])`);
    if (known === 'string.format') return this.#format(node, args, scope);
    if (known === 'string.match') return this.#match(node, args, scope);
    if (known === 'unpack' && args.length === 1 && args[0]) {
      const list = this.replyList(args[0], scope);
      if (list) return { js: list, kind: 'any', returns: 'several' };
    }
    return this.#libraryCall(node, known, args, scope);
  }

  #returns(node: CallNode, scope: Scope): CompiledCall['returns'] {
    const known = this.#knownName(node, scope);
    if (known === undefined) {
      const variable = node.base.type === 'Identifier' ? scope.resolve(node.base.name) : undefined;
      return variable?.fixedFunction?.returnsOne ? 'one' : 'either';
    }
    if (known === 'string.match') return 'either';
    return library.get(known)?.returns ?? 'one';
  }

  /** Of something that is not the script's own. */
  #knownName(node: CallNode, scope: Scope): string | undefined {
    const { name } = partsOf(node);
    const owner = name?.split('.')[0];
    return owner === undefined || scope.resolve(owner) ? undefined : name;
  }

  #localCall(node: CallNode, args: readonly Expression[], scope: Scope): CompiledCall {
    if (node.base.type === 'MemberExpression' && node.base.indexer === ':') {
      return this.#expressions.refuse(node, 'a method call');
    }
    const passed = this.#expressions.list(args, scope).join(', ');
    const variable = node.base.type === 'Identifier' ? scope.resolve(node.base.name) : undefined;
    if (variable?.fixedFunction) {
      const { returnsOne } = variable.fixedFunction;
      const js = `${variable.js}(${passed})`;
      return { js, kind: 'any', returns: returnsOne ? 'one' : 'either' };
    }
    const base = this.#expressions.one(node.base, scope).js;
    return { js: `callee(${base})(${passed})`, kind: 'any', returns: 'either' };
  }

  #libraryCall(
    node: CallNode,
    name: string,
    args: readonly Expression[],
    scope: Scope,
  ): CompiledCall {
    const two = args.length === 2 && !this.#isOpen(args, scope) ? args : undefined;
    if (name === 'math.floor' && args.length === 1 && args[0]) {
      return { ...one(`Math.floor(${this.#expressions.number(args[0], scope)})`), kind: 'number' };
    }
    if (name === 'tonumber' && args.length !== 1) {
      return this.#expressions.refuse(node, 'tonumber with a base');
    }
    if (two?.[0] && two[1] && (name === 'math.max' || name === 'math.min')) {
      const values = two.map((each) => this.#expressions.number(each, scope)).join(', ');
      return {
        ...one(`${name === 'math.max' ? 'Math.max' : 'Math.min'}(${values})`),
        kind: 'number',
      };
    }
    const known = library.get(name);
    if (!known) return this.#expressions.refuse(node, `"${name}"`);
    const passed = this.#expressions.list(args, scope).join(', ');
    const js = `${this.#bindings.bind(name.replace('.', '_'), known.run)}(${passed})`;
    const kind = /^(?:math\.|string\.len)/.test(name) ? 'number' : 'any';
    return { js, kind, returns: known.returns };
  }

  #redisCall(node: CallNode, args: readonly Expression[], scope: Scope): CompiledCall {
    const command = this.#command(node, args);
    const js = this.#commandCall(node, command, args, scope);
    switch (command.reply) {
      case 'plain':
        return one(js);
      case 'list':
        return one(`new LuaTable(${js})`);
      case 'status':
        return one(`statusTable(${js})`);
      case 'nested':
        return this.#expressions.refuse(node, `the reply of ${command.name}`);
    }
  }

  #command(node: CallNode, [name]: readonly Expression[]): ScriptCommand<Database> {
    if (name?.type !== 'StringLiteral') {
      return this.#expressions.refuse(node, 'a command that is not named by a literal');
    }
    const command = this.#commands.get(name.value.toUpperCase());
    return command ?? this.#expressions.refuse(node, `the command ${name.value}`);
  }

  /** Its reply as the command gives it. */
  #commandCall(
    node: CallNode,
    command: ScriptCommand<Database>,
    [, ...args]: readonly Expression[],
    scope: Scope,
  ): string {
    const passed = this.#expressions.list(args, scope, ({ js, kind }) =>
      kind === 'string' ? js : `argument(${js})`,
    );
    const last = passed.at(-1);
    if (!last?.startsWith('...')) {
      if (args.length < command.argumentsMin || args.length > command.argumentsMax) {
        this.#expressions.refuse(node, `${command.name} with ${args.length} arguments`);
      }
      const run = this.#bindings.bind(command.name, command.run);
      return `${run}(${['db', ...passed].join(', ')})`;
    }
    const spread = `...${last.slice(3)}.map(argument)`;
    const list = [...passed.slice(0, -1), spread].join(', ');
    const counted = this.#bindings.bind(`${command.name}_counted`, countedCall(command));
    return `${counted}(db, [${list}])`;
  }

  #format(node: CallNode, args: readonly Expression[], scope: Scope): CompiledCall {
    const [format, ...values] = args;
    if (format?.type !== 'StringLiteral' || this.#isOpen(args, scope)) {
      return this.#expressions.refuse(node, 'a format that is not a literal');
    }
    const { texts, directives } = this.#checked(node, () => parseFormat(format.value));
    if (directives.length > values.length) {
      return this.#expressions.refuse(node, 'a format with too few values');
    }
    const parts = directives.map((directive: Directive, index) => {
      const value = values[index];
      const shown = value ? this.#expressions.one(value, scope).js : '';
      const bound = this.#bindings.bind('format', directive);
      return `${bound}(${shown}) + ${JSON.stringify(texts[index + 1])}`;
    });
    return {
      js: `(${[JSON.stringify(texts[0]), ...parts].join(' + ')})`,
      kind: 'string',
      returns: 'one',
    };
  }

  #match(node: CallNode, args: readonly Expression[], scope: Scope): CompiledCall {
    const [subject, pattern] = args;
    if (!subject || pattern?.type !== 'StringLiteral' || args.length !== 2) {
      return this.#expressions.refuse(node, 'a pattern that is not a literal');
    }
    const expression = this.#checked(node, () => compilePattern(pattern.value));
    const bound = this.#bindings.bind('pattern', expression);
    const js = `matched(${bound}.exec(${this.#expressions.text(subject, scope)}))`;
    return { js, kind: 'any', returns: 'either' };
  }

  #checked<T>(node: CallNode, compile: () => T): T {
    try {
      return compile();
    } catch (error) {
      return this.#expressions.refuse(node, error instanceof Error ? error.message : String(error));
    }
  }

  #only(node: CallNode, args: readonly Expression[], scope: Scope): string {
    const [arg] = args;
    if (!arg || args.length !== 1)
      return this.#expressions.refuse(node, 'this number of arguments');
    return this.#expressions.one(arg, scope).js;
  }

  #isOpen(args: readonly Expression[], scope: Scope): boolean {
    const last = args.at(-1);
    if (last?.type === 'VarargLiteral') return !isInParentheses(last);
    return last !== undefined && isCall(last) && this.hasValues(last, scope);
  }
}

export function isCall(node: Expression): node is CallNode {
  return node.type.endsWith('CallExpression');
}

function partsOf(node: CallNode): CallParts {
  const name = dottedName(node.base);
  switch (node.type) {
    case 'CallExpression':
      return { name, args: node.arguments };
    case 'StringCallExpression':
      return { name, args: [node.argument] };
    case 'TableCallExpression':
      return { name, args: [node.arguments] };
  }
}

function one(js: string): CompiledCall {
  return { js, kind: 'any', returns: 'one' };
}

function countedCall<Database>(command: ScriptCommand<Database>) {
  return (database: Database, args: readonly string[]) => {
    if (args.length < command.argumentsMin || args.length > command.argumentsMax) {
      throw new Error('Wrong number of args calling Redis command from script');
    }
    return command.run(database, ...args);
  };
}
