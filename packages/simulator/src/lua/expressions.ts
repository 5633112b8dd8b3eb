/** Compiles expressions that have one value; calls are in `calls.ts`. */

import { constants } from './library.ts';
import { LuaCompileError } from './lua-error.ts';
import type { Scope } from './scope.ts';
import { dottedName, type Expression, lineOf, type Node } from './syntax.ts';

/** JavaScript of one value, and what is known of it without running. */
export interface Code {
  readonly js: string;
  readonly kind: 'string' | 'number' | 'boolean' | 'any';
}

/** What expressions need of the rest of the compiler. */
export interface CompilerContext {
  readonly name: string;
  /** Compiles a call to its one value. */
  call(node: CallNode, scope: Scope): Code;
  /** Compiles a call or `...` to an array of its values. */
  values(node: Expression, scope: Scope): string;
  /** Whether it may have another number of values than one. */
  hasValues(node: Expression, scope: Scope): boolean;
  functionBody(node: FunctionNode, scope: Scope): string;
  /** A variable of the script that lives from run to run. */
  lasting(): string;
}

export type CallNode = Extract<Expression, { type: `${string}CallExpression` }>;
export type FunctionNode = Extract<Expression, { type: 'FunctionDeclaration' }>;
type BinaryNode = Extract<Expression, { type: 'BinaryExpression' }>;
type TableNode = Extract<Expression, { type: 'TableConstructorExpression' }>;

const any = (js: string): Code => ({ js, kind: 'any' });
const bool = (js: string): Code => ({ js, kind: 'boolean' });
const number = (js: string): Code => ({ js, kind: 'number' });
const text = (js: string): Code => ({ js, kind: 'string' });

const comparisons: Readonly<Record<string, readonly [operator: string, helper: string]>> = {
  '<': ['<', 'lessThan'],
  '<=': ['<=', 'lessOrEqual'],
  '>': ['>', 'greaterThan'],
  '>=': ['>=', 'greaterOrEqual'],
};

export class Expressions {
  readonly #context: CompilerContext;

  constructor(context: CompilerContext) {
    this.#context = context;
  }

  one(node: Expression, scope: Scope): Code {
    switch (node.type) {
      case 'NilLiteral':
        return any('undefined');
      case 'BooleanLiteral':
        return bool(node.raw);
      case 'NumericLiteral':
        return number(`${node.value}`);
      case 'StringLiteral':
        return text(JSON.stringify(node.value));
      case 'Identifier':
        return this.#identifier(node, scope);
      case 'VarargLiteral':
        return any(`${this.#context.values(node, scope)}[0]`);
      case 'UnaryExpression':
        return this.#unary(node.operator, node.argument, scope, node);
      case 'BinaryExpression':
        return this.#binary(node, scope);
      case 'LogicalExpression':
        return this.#logical(node.operator, node.left, node.right, scope);
      case 'TableConstructorExpression':
        return any(this.#table(node, scope));
      case 'IndexExpression':
        return any(`index(${this.one(node.base, scope).js}, ${this.one(node.index, scope).js})`);
      case 'MemberExpression':
        return this.#member(node, scope);
      case 'FunctionDeclaration':
        return any(`(${this.#context.functionBody(node, scope)})`);
      default:
        return this.#context.call(node, scope);
    }
  }

  /** A JavaScript condition: only nil and false are false. */
  condition(node: Expression, scope: Scope): string {
    if (node.type === 'UnaryExpression' && node.operator === 'not') {
      return `!${this.condition(node.argument, scope)}`;
    }
    if (node.type === 'LogicalExpression') {
      const [left, right] = [this.condition(node.left, scope), this.condition(node.right, scope)];
      return `(${left} ${node.operator === 'and' ? '&&' : '||'} ${right})`;
    }
    const { js, kind } = this.one(node, scope);
    if (kind === 'boolean') return js;
    if (kind !== 'any') return `(${js}, true)`;
    return this.#isTrue(js, node, scope).test;
  }

  /** All values of a list: the last one may have several. As elements of an array or arguments. */
  list(
    nodes: readonly Expression[],
    scope: Scope,
    each = (code: Code): string => code.js,
  ): string[] {
    const last = nodes.at(-1);
    if (!last || !this.#context.hasValues(last, scope)) {
      return nodes.map((node) => each(this.one(node, scope)));
    }
    const before = nodes.slice(0, -1).map((node) => each(this.one(node, scope)));
    return [...before, `...${this.#context.values(last, scope)}`];
  }

  number(node: Expression, scope: Scope): string {
    const { js, kind } = this.one(node, scope);
    return kind === 'number' ? js : `num(${js})`;
  }

  text(node: Expression, scope: Scope): string {
    const { js, kind } = this.one(node, scope);
    return kind === 'string' ? js : `str(${js})`;
  }

  refuse(node: Node, what: string): never {
    throw new LuaCompileError(`${this.#context.name}:${lineOf(node)}: ${what} is not supported`);
  }

  #identifier(node: Extract<Expression, { type: 'Identifier' }>, scope: Scope): Code {
    const variable = scope.resolve(node.name);
    if (variable) return any(variable.js);
    return this.refuse(node, `the global "${node.name}"`);
  }

  #member(node: Extract<Expression, { type: 'MemberExpression' }>, scope: Scope): Code {
    const name = dottedName(node);
    const isOfLibrary = node.base.type === 'Identifier' && !scope.resolve(node.base.name);
    if (!isOfLibrary) {
      return any(
        `index(${this.one(node.base, scope).js}, ${JSON.stringify(node.identifier.name)})`,
      );
    }
    const constant = constants.get(name ?? '');
    return constant === undefined
      ? this.refuse(node, `"${name}" as a value`)
      : number(`${constant}`);
  }

  #unary(operator: string, argument: Expression, scope: Scope, node: Node): Code {
    switch (operator) {
      case 'not':
        return bool(`!${this.condition(argument, scope)}`);
      case '-':
        return number(`(-${this.number(argument, scope)})`);
      case '#':
        return number(`lengthOf(${this.one(argument, scope).js})`);
      default:
        return this.refuse(node, `the operator "${operator}"`);
    }
  }

  #binary(node: BinaryNode, scope: Scope): Code {
    const { operator, left, right } = node;
    switch (operator) {
      case '==':
        return bool(`(${this.one(left, scope).js} === ${this.one(right, scope).js})`);
      case '~=':
        return bool(`(${this.one(left, scope).js} !== ${this.one(right, scope).js})`);
      case '..':
        return text(this.#concatenation(left, right, scope));
      case '+':
      case '-':
      case '*':
      case '/':
        return number(`(${this.number(left, scope)} ${operator} ${this.number(right, scope)})`);
      case '^':
        return number(`((${this.number(left, scope)}) ** (${this.number(right, scope)}))`);
      case '%':
        return number(`mod(${this.number(left, scope)}, ${this.number(right, scope)})`);
      default:
        return this.#comparison(node, scope);
    }
  }

  #comparison({ operator, left, right, ...node }: BinaryNode, scope: Scope): Code {
    const comparison = comparisons[operator];
    if (!comparison) return this.refuse({ ...node, operator, left, right }, `"${operator}"`);
    const [a, b] = [this.one(left, scope), this.one(right, scope)];
    return a.kind === 'number' && b.kind === 'number'
      ? bool(`(${a.js} ${comparison[0]} ${b.js})`)
      : bool(`${comparison[1]}(${a.js}, ${b.js})`);
  }

  /**
   * `tag .. ':key'` is most of what scripts concatenate, and gives the same key at nearly every run: the last
   * one is kept, as a text whose hash is known to maps already.
   */
  #concatenation(left: Expression, right: Expression, scope: Scope): string {
    const joined = `(${this.text(left, scope)} + ${this.text(right, scope)})`;
    if (left.type !== 'Identifier' || right.type !== 'StringLiteral') return joined;
    const [given, made] = [this.#context.lasting(), this.#context.lasting()];
    const { js } = this.one(left, scope);
    return `(${js} === ${given} ? ${made} : (${made} = ${joined}, ${given} = ${js}, ${made}))`;
  }

  #logical(operator: string, left: Expression, right: Expression, scope: Scope): Code {
    const [a, b] = [this.one(left, scope), this.one(right, scope)];
    if (a.kind === 'boolean') {
      const js = `(${a.js} ${operator === 'and' ? '&&' : '||'} ${b.js})`;
      return b.kind === 'boolean' ? bool(js) : any(js);
    }
    if (a.kind !== 'any') return operator === 'and' ? { ...b, js: `(${a.js}, ${b.js})` } : a;
    const { test, value } = this.#isTrue(a.js, left, scope);
    if (operator === 'and') return any(`(${test} ? ${b.js} : ${value})`);
    return any(`(${test} ? ${value} : ${b.js})`);
  }

  /** A test of a value, and the value again without evaluating it again. */
  #isTrue(js: string, node: Expression, scope: Scope): { test: string; value: string } {
    if (node.type === 'Identifier') {
      return { test: `(${js} !== undefined && ${js} !== false)`, value: js };
    }
    const value = scope.helper();
    return { test: `((${value} = ${js}) !== undefined && ${value} !== false)`, value };
  }

  #table(node: TableNode, scope: Scope): string {
    const items = node.fields.filter((field) => field.type === 'TableValue');
    const values = items.map((field) => field.value);
    const last = node.fields.at(-1);
    const isOpen = last?.type === 'TableValue' && this.#context.hasValues(last.value, scope);
    const array = isOpen
      ? this.list(values, scope)
      : values.map((value) => this.one(value, scope).js);
    if (items.length === node.fields.length) return `new LuaTable([${array.join(', ')}])`;
    const pairs = node.fields.flatMap((field) => {
      if (field.type === 'TableValue') return [];
      const key =
        field.type === 'TableKey' ? this.one(field.key, scope).js : JSON.stringify(field.key.name);
      return [`[${key}, ${this.one(field.value, scope).js}]`];
    });
    return `makeTable([${array.join(', ')}], [${pairs.join(', ')}])`;
  }
}
