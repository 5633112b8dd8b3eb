/**
 * Which kinds of reply a script can give, read from its text: so that a run can tell what never occurred.
 *
 * A kind is the constant text (or number) that a reply begins with, and a second one right behind it: `stale`,
 * `leading`, `refused protocol`. Where a script collects answers in a table that starts empty, one for each
 * unit, each item has a kind. What is no constant is `value`, an empty list `none`. Variables are followed
 * through everything that is assigned to them in their function, whatever the order, so a kind may be named
 * that no path leads to, but none is missed.
 */
import { isCall } from './calls.ts';
import type { ScriptReply } from './compile.ts';
import type { FunctionNode } from './expressions.ts';
import { type Expression, parseLua, type Statement } from './syntax.ts';

const unknown = 'value';
const empty = 'none';

export class ReplyKinds {
  readonly all: ReadonlySet<string>;
  /** Its lists are of one answer for each unit. */
  readonly #answersEach: boolean;

  constructor(name: string, text: string) {
    const body = parseLua(name, text).body;
    const main = new Environment(body, undefined);
    const returned = main.returns.flatMap((value) => (value ? [value] : []));
    this.#answersEach = returned.some((value) => main.isCollection(value));
    this.all = new Set(
      returned.flatMap((value) => {
        if (main.isCollection(value))
          return main.itemsOf(value).flatMap((item) => main.kinds(item));
        return main.kinds(value);
      }),
    );
  }

  /** Of a reply, or of each of its items. */
  of(reply: ScriptReply): string[] {
    return Array.isArray(reply) && this.#answersEach
      ? reply.map((item) => this.#kind(item))
      : [this.#kind(reply)];
  }

  #kind(reply: ScriptReply): string {
    if (!Array.isArray(reply)) return this.#known(shown(reply));
    if (reply.length === 0) return this.#known(empty);
    const [first = null, second = null] = reply;
    const both = `${shown(first)} ${shown(second)}`;
    return this.all.has(both) ? both : this.#known(shown(first));
  }

  #known(kind: string): string {
    return this.all.has(kind) ? kind : unknown;
  }
}

function shown(reply: ScriptReply): string {
  if (reply === '') return "''";
  return typeof reply === 'string' || typeof reply === 'number' ? `${reply}` : unknown;
}

/** What is assigned to the variables of one function, and those of the functions around it. */
class Environment {
  /** Undefined: returns nothing. */
  readonly returns: (Expression | undefined)[] = [];
  readonly #outer: Environment | undefined;
  /** Undefined: something that is not looked into. */
  readonly #values = new Map<string, (Expression | undefined)[]>();
  /** By table: what is set under some key, or under 1. */
  readonly #items = new Map<string, { readonly isFirst: boolean; readonly value: Expression }[]>();
  readonly #functions = new Map<string, FunctionNode>();
  readonly #following = new Set<string>();

  constructor(body: readonly Statement[], outer: Environment | undefined) {
    this.#outer = outer;
    this.#collect(body);
  }

  /** A variable that starts as an empty table. */
  isCollection(node: Expression): boolean {
    if (node.type !== 'Identifier') return false;
    const values = this.#values.get(node.name) ?? [];
    return values.some(
      (value) => value?.type === 'TableConstructorExpression' && value.fields.length === 0,
    );
  }

  itemsOf(node: Expression): Expression[] {
    if (node.type !== 'Identifier') return [];
    return (this.#items.get(node.name) ?? []).map(({ value }) => value);
  }

  kinds(node: Expression | undefined): string[] {
    switch (node?.type) {
      // Where it stands for "no answer yet", it is not answered.
      case 'NilLiteral':
        return [];
      case 'StringLiteral':
        return [shown(node.value)];
      case 'NumericLiteral':
        return [shown(node.value)];
      case 'LogicalExpression': {
        const right = this.kinds(node.right);
        return node.operator === 'and' ? right : [...this.kinds(node.left), ...right];
      }
      case 'TableConstructorExpression':
        return this.#tupleKinds(node.fields.map(({ value }) => value));
      case 'Identifier':
        return this.#variableKinds(node.name);
      default:
        return node && isCall(node) && node.base.type === 'Identifier'
          ? this.#functionKinds(node.base.name)
          : [unknown];
    }
  }

  #tupleKinds([first, second]: readonly Expression[]): string[] {
    if (!first) return [empty];
    const seconds = second ? this.kinds(second).filter((kind) => kind !== "''") : [unknown];
    return this.kinds(first).flatMap((kind) => {
      if (kind === unknown) return [unknown];
      return seconds.map((other) =>
        other === unknown || other === empty ? kind : `${kind} ${other}`,
      );
    });
  }

  #variableKinds(name: string): string[] {
    const values = this.#values.get(name);
    if (!values) return this.#outer?.kinds({ type: 'Identifier', name }) ?? [unknown];
    if (this.#following.has(name)) return [];
    this.#following.add(name);
    const firsts = (this.#items.get(name) ?? []).filter(({ isFirst }) => isFirst);
    const kinds = [...values, ...firsts.map(({ value }) => value)].flatMap((value) =>
      this.kinds(value),
    );
    this.#following.delete(name);
    return kinds;
  }

  #functionKinds(name: string): string[] {
    const declared = this.#functions.get(name);
    if (!declared) return this.#outer?.kinds(callOf(name)) ?? [unknown];
    if (this.#following.has(`${name}()`)) return [];
    this.#following.add(`${name}()`);
    const inner = new Environment(declared.body, this);
    for (const parameter of declared.parameters) {
      if (parameter.type === 'Identifier') inner.#assign(parameter.name, undefined);
    }
    const kinds = inner.returns.flatMap((value) => inner.kinds(value));
    this.#following.delete(`${name}()`);
    return kinds;
  }

  #assign(name: string, value: Expression | undefined): void {
    const values = this.#values.get(name) ?? [];
    values.push(value);
    this.#values.set(name, values);
  }

  #collect(body: readonly Statement[]): void {
    for (const node of body) {
      switch (node.type) {
        case 'LocalStatement':
          for (const [index, { name }] of node.variables.entries())
            this.#assign(name, node.init[index]);
          break;
        case 'AssignmentStatement':
          for (const [index, target] of node.variables.entries())
            this.#set(target, node.init[index]);
          break;
        case 'FunctionDeclaration':
          if (node.identifier?.type === 'Identifier')
            this.#functions.set(node.identifier.name, node);
          break;
        case 'ReturnStatement':
          this.returns.push(node.arguments[0]);
          break;
        case 'IfStatement':
          for (const clause of node.clauses) this.#collect(clause.body);
          break;
        case 'ForNumericStatement':
          this.#assign(node.variable.name, undefined);
          this.#collect(node.body);
          break;
        case 'ForGenericStatement':
          for (const { name } of node.variables) this.#assign(name, undefined);
          this.#collect(node.body);
          break;
        case 'DoStatement':
        case 'RepeatStatement':
        case 'WhileStatement':
          this.#collect(node.body);
          break;
        default:
      }
    }
  }

  #set(target: Expression, value: Expression | undefined): void {
    if (target.type === 'Identifier') this.#assign(target.name, value);
    if (target.type !== 'IndexExpression' || target.base.type !== 'Identifier' || !value) return;
    const items = this.#items.get(target.base.name) ?? [];
    const isFirst = target.index.type === 'NumericLiteral' && target.index.value === 1;
    items.push({ isFirst, value });
    this.#items.set(target.base.name, items);
  }
}

function callOf(name: string): Expression {
  return { type: 'CallExpression', base: { type: 'Identifier', name }, arguments: [] };
}
