/** Compiles statements and the bodies of functions. */
import { type Calls, isCall } from './calls.ts';
import type { Code, Expressions, FunctionNode } from './expressions.ts';
import { FunctionScope, type Scope } from './scope.ts';
import { type Expression, isInParentheses, type Statement } from './syntax.ts';

type Of<Type extends Statement['type']> = Extract<Statement, { type: Type }>;

export interface StatementsOptions<Database> {
  readonly expressions: Expressions;
  readonly calls: Calls<Database>;
  /** Names that are assigned to anywhere: their functions may be replaced. */
  readonly assigned: ReadonlySet<string>;
}

export class Statements<Database> {
  readonly #expressions: Expressions;
  readonly #calls: Calls<Database>;
  readonly #assigned: ReadonlySet<string>;

  constructor({ expressions, calls, assigned }: StatementsOptions<Database>) {
    this.#expressions = expressions;
    this.#calls = calls;
    this.#assigned = assigned;
  }

  /** The statements of a block, in a scope of its own. */
  block(statements: readonly Statement[], scope: Scope): string {
    return statements.map((statement) => this.#statement(statement, scope)).join('\n');
  }

  functionBody(node: FunctionNode, scope: Scope): string {
    const varargs = node.parameters.some(({ type }) => type === 'VarargLiteral');
    const inner = scope.closure(new FunctionScope(varargs));
    const parameters = node.parameters.map((parameter) =>
      parameter.type === 'Identifier' ? inner.declare(parameter.name) : '...varargs',
    );
    return `(${parameters.join(', ')}) => {${this.body(node.body, inner)}}`;
  }

  /** With the helpers that it turned out to need; without a `return`, it returns nothing at all. */
  body(statements: readonly Statement[], scope: Scope): string {
    const js = this.block(statements, scope);
    const { helpers } = scope.function;
    const declared = helpers.length > 0 ? `let ${helpers.join(', ')};\n` : '';
    const end = statements.at(-1)?.type === 'ReturnStatement' ? '' : '\nreturn none;';
    return `${declared}${js}${end}`;
  }

  #statement(node: Statement, scope: Scope): string {
    switch (node.type) {
      case 'LocalStatement':
        return this.#local(node, scope);
      case 'AssignmentStatement':
        return this.#assignment(node, scope);
      case 'CallStatement':
        return isCall(node.expression) ? `${this.#calls.effect(node.expression, scope)};` : '';
      case 'FunctionDeclaration':
        return this.#functionDeclaration(node, scope);
      case 'ReturnStatement':
        return this.#return(node.arguments, scope);
      case 'IfStatement':
        return this.#if(node, scope);
      case 'WhileStatement': {
        const condition = this.#expressions.condition(node.condition, scope);
        return this.#loop(
          `if (!${condition}) break;\n${this.block(node.body, scope.block())}`,
          scope,
        );
      }
      case 'RepeatStatement': {
        const inner = scope.block();
        const body = this.block(node.body, inner);
        const condition = this.#expressions.condition(node.condition, inner);
        return this.#loop(`${body}\nif (${condition}) break;`, scope);
      }
      case 'DoStatement':
        return this.#braces(node.body, scope);
      case 'BreakStatement':
        return 'break;';
      case 'ForNumericStatement':
        return this.#forNumeric(node, scope);
      case 'ForGenericStatement':
        return this.#forGeneric(node, scope);
      default:
        return this.#expressions.refuse(node, node.type);
    }
  }

  #braces(statements: readonly Statement[], scope: Scope): string {
    return `{${this.block(statements, scope.block())}}`;
  }

  /** Redis would call a script that does not end busy; here, nothing else could run any more. */
  #loop(body: string, scope: Scope): string {
    const rounds = scope.unique();
    return `for (let ${rounds} = 0; ; ${rounds}++) {if (${rounds} === roundsMax) fail(endless);\n${body}}`;
  }

  #local({ variables, init }: Of<'LocalStatement'>, scope: Scope): string {
    const last = init.at(-1);
    const isOpen =
      last !== undefined && init.length <= variables.length && this.#hasValues(last, scope);
    const before = (isOpen ? init.slice(0, -1) : init).map(
      (node) => this.#expressions.one(node, scope).js,
    );
    if (isOpen && variables.length === 1) {
      const value = this.#expressions.one(last, scope).js;
      return `let ${scope.declare(variables[0]?.name ?? '')} = ${value};`;
    }
    const lines: string[] = [];
    // Evaluated before any of the new variables is there.
    const values = isOpen ? scope.unique() : '';
    if (isOpen) {
      const open = this.#values(last, scope);
      const array = before.length > 0 ? `[${before.join(', ')}, ...${open}]` : open;
      lines.push(`const ${values} = ${array};`);
    }
    const given = variables.map(({ name }, index) => {
      const js = scope.declare(name);
      if (isOpen) return `${js} = ${values}[${index}]`;
      return index < before.length ? `${js} = ${before[index]}` : js;
    });
    const surplus = before.slice(variables.length).map((js) => `${js};`);
    lines.push(`let ${given.join(', ')};`, ...surplus);
    return lines.join('\n');
  }

  #assignment({ variables, init }: Of<'AssignmentStatement'>, scope: Scope): string {
    const [target] = variables;
    const [value] = init;
    if (variables.length === 1 && init.length === 1 && target && value) {
      return this.#assign(target, this.#expressions.one(value, scope), scope);
    }
    const given = scope.unique();
    const list = this.#expressions.list(init, scope).join(', ');
    const places = variables.map((variable) => this.#place(variable, scope));
    const before = places.flatMap((place) => place.before);
    const after = places.map((place, index) => place.set(`${given}[${index}]`));
    return `{${before.join('\n')}\nconst ${given} = [${list}];\n${after.join('\n')}}`;
  }

  #assign(target: Expression, value: Code, scope: Scope): string {
    if (target.type === 'IndexExpression' && isEndOf(target.base, target.index)) {
      return `append(${this.#expressions.one(target.base, scope).js}, ${value.js});`;
    }
    if (target.type === 'Identifier') return `${this.#variable(target, scope)} = ${value.js};`;
    const [table, key] = this.#tableAndKey(target, scope);
    return `setIndex(${table}, ${key}, ${value.js});`;
  }

  /** Table and key are evaluated before anything is assigned. */
  #place(target: Expression, scope: Scope): { before: string[]; set: (value: string) => string } {
    if (target.type === 'Identifier') {
      const js = this.#variable(target, scope);
      return { before: [], set: (value) => `${js} = ${value};` };
    }
    const [table, key] = this.#tableAndKey(target, scope);
    const [tableName, keyName] = [scope.unique(), scope.unique()];
    return {
      before: [`const ${tableName} = ${table}, ${keyName} = ${key};`],
      set: (value) => `setIndex(${tableName}, ${keyName}, ${value});`,
    };
  }

  #tableAndKey(target: Expression, scope: Scope): [table: string, key: string] {
    if (target.type === 'IndexExpression') {
      return [
        this.#expressions.one(target.base, scope).js,
        this.#expressions.one(target.index, scope).js,
      ];
    }
    if (target.type !== 'MemberExpression') return this.#expressions.refuse(target, 'this target');
    const table = this.#expressions.one(target.base, scope).js;
    return [table, JSON.stringify(target.identifier.name)];
  }

  #variable(node: Extract<Expression, { type: 'Identifier' }>, scope: Scope): string {
    const variable = scope.resolve(node.name);
    return variable?.js ?? this.#expressions.refuse(node, `setting the global "${node.name}"`);
  }

  #functionDeclaration(node: FunctionNode, scope: Scope): string {
    const { identifier, isLocal } = node;
    if (!isLocal || identifier?.type !== 'Identifier') {
      if (identifier?.type !== 'Identifier') return this.#expressions.refuse(node, 'a method');
      return `${this.#variable(identifier, scope)} = ${this.functionBody(node, scope)};`;
    }
    if (this.#assigned.has(identifier.name)) {
      const js = scope.declare(identifier.name);
      return `let ${js} = ${this.functionBody(node, scope)};`;
    }
    const returnsOne = returnsOneValue(node.body);
    const js = scope.declare(identifier.name, { returnsOne });
    return `const ${js} = ${this.functionBody(node, scope)};`;
  }

  #return(values: readonly Expression[], scope: Scope): string {
    const [value] = values;
    if (!value) return 'return none;';
    if (values.length > 1) return `return [${this.#expressions.list(values, scope).join(', ')}];`;
    if (isCall(value) && this.#calls.hasValues(value, scope)) {
      return `return ${this.#calls.returned(value, scope)};`;
    }
    if (this.#hasValues(value, scope)) return `return ${this.#values(value, scope)};`;
    return `return ${this.#expressions.one(value, scope).js};`;
  }

  #if(node: Of<'IfStatement'>, scope: Scope): string {
    const clauses = node.clauses.map((clause) => {
      const body = this.#braces(clause.body, scope);
      if (clause.type === 'ElseClause') return body;
      return `if (${this.#expressions.condition(clause.condition, scope)}) ${body}`;
    });
    return clauses.join(' else ');
  }

  #forNumeric(node: Of<'ForNumericStatement'>, scope: Scope): string {
    const [from, to] = [node.start, node.end].map((each) => this.#expressions.number(each, scope));
    const step = node.step ? this.#expressions.number(node.step, scope) : '1';
    const inner = scope.block();
    const [at, end, by] = [scope.unique(), scope.unique(), scope.unique()];
    const js = inner.declare(node.variable.name);
    const isUp = /^[\d.]+$/.test(step);
    const test = isUp ? `${at} <= ${end}` : `${by} > 0 ? ${at} <= ${end} : ${at} >= ${end}`;
    const head = `let ${at} = ${from}, ${end} = ${to}, ${by} = ${step}; ${test}; ${at} += ${by}`;
    return `for (${head}) {let ${js} = ${at};\n${this.block(node.body, inner)}}`;
  }

  #forGeneric(node: Of<'ForGenericStatement'>, scope: Scope): string {
    const [iterator] = node.iterators;
    const isAlone = node.iterators.length === 1 && iterator?.type === 'CallExpression';
    const base = isAlone ? iterator.base : undefined;
    const isGlobal = base?.type === 'Identifier' && !scope.resolve(base.name);
    const [table] = isAlone ? iterator.arguments : [];
    if (isGlobal && table && base.name === 'ipairs') return this.#forItems(node, table, scope);
    if (isGlobal && table && base.name === 'pairs') return this.#forPairs(node, table, scope);
    const [next, state, control] = [scope.unique(), scope.unique(), scope.unique()];
    const list = this.#expressions.list(node.iterators, scope).join(', ');
    const values = scope.unique();
    const inner = scope.block();
    const names = node.variables.map(({ name }) => inner.declare(name));
    const given = names.map((js, index) => `${js} = ${values}[${index}]`).join(', ');
    return (
      `{let [${next}, ${state}, ${control}] = [${list}]; for (;;) {` +
      `const ${values} = all(callee(${next})(${state}, ${control}));` +
      `if ((${control} = ${values}[0]) === undefined) break;` +
      `let ${given};\n${this.block(node.body, inner)}}}`
    );
  }

  #forItems(node: Of<'ForGenericStatement'>, table: Expression, scope: Scope): string {
    const list = this.#calls.replyList(table, scope);
    const source = list ?? `checkedTable(${this.#expressions.one(table, scope).js})`;
    const [items, at] = [scope.unique(), scope.unique()];
    const inner = scope.block();
    const [key, value] = node.variables.map(({ name }) => inner.declare(name));
    const item = value ?? scope.unique();
    const read = list ? `${items}[${at}]` : `${items}.get(${at} + 1)`;
    const body = this.block(node.body, inner);
    return (
      `{const ${items} = ${source}; for (let ${at} = 0; ; ${at}++) {` +
      `let ${key} = ${at} + 1, ${item} = ${read}; if (${item} === undefined) break;\n${body}}}`
    );
  }

  #forPairs(node: Of<'ForGenericStatement'>, table: Expression, scope: Scope): string {
    const source = `checkedTable(${this.#expressions.one(table, scope).js})`;
    const inner = scope.block();
    const names = node.variables.map(({ name }) => inner.declare(name)).join(', ');
    return `for (let [${names}] of ${source}.pairs()) {${this.block(node.body, inner)}}`;
  }

  #hasValues(node: Expression, scope: Scope): boolean {
    if (node.type === 'VarargLiteral') return !isInParentheses(node);
    return isCall(node) && this.#calls.hasValues(node, scope);
  }

  #values(node: Expression, scope: Scope): string {
    return isCall(node) ? this.#calls.values(node, scope) : 'varargs';
  }
}

/** `#table + 1` of the same table. */
function isEndOf(table: Expression, key: Expression): boolean {
  if (table.type !== 'Identifier' || key.type !== 'BinaryExpression' || key.operator !== '+')
    return false;
  const { left, right } = key;
  if (right.type !== 'NumericLiteral' || right.value !== 1) return false;
  if (left.type !== 'UnaryExpression' || left.operator !== '#') return false;
  return left.argument.type === 'Identifier' && left.argument.name === table.name;
}

/** Whether every way out of a function plainly returns one value: what it calls last may return several. */
function returnsOneValue(body: readonly Statement[]): boolean {
  if (body.at(-1)?.type !== 'ReturnStatement') return false;
  return returnsOf(body).every(({ arguments: [value, ...more] }) => {
    if (!value || more.length > 0) return false;
    return isInParentheses(value) || (!isCall(value) && value.type !== 'VarargLiteral');
  });
}

/** Of a function, without those of functions in it. */
function returnsOf(statements: readonly Statement[]): Of<'ReturnStatement'>[] {
  return statements.flatMap((statement) => {
    switch (statement.type) {
      case 'ReturnStatement':
        return [statement];
      case 'IfStatement':
        return statement.clauses.flatMap((clause) => returnsOf(clause.body));
      case 'DoStatement':
      case 'WhileStatement':
      case 'RepeatStatement':
      case 'ForNumericStatement':
      case 'ForGenericStatement':
        return returnsOf(statement.body);
      default:
        return [];
    }
  });
}
