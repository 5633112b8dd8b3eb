/** Which variable a name means where, and what it is called in JavaScript. */

export interface Variable {
  readonly js: string;
  /** A local function that is never replaced, hence known where it is called. */
  readonly fixedFunction?: { readonly returnsOne: boolean };
}

/** Of one function: all of its blocks share the helpers that JavaScript needs. */
export class FunctionScope {
  readonly hasVarargs: boolean;
  readonly helpers: string[] = [];

  constructor(hasVarargs: boolean) {
    this.hasVarargs = hasVarargs;
  }
}

export class Scope {
  readonly function: FunctionScope;
  readonly #outer: Scope | undefined;
  readonly #names: Names;
  readonly #variables = new Map<string, Variable>();

  constructor(names: Names, within: FunctionScope, outer?: Scope) {
    this.#names = names;
    this.function = within;
    this.#outer = outer;
  }

  block(): Scope {
    return new Scope(this.#names, this.function, this);
  }

  closure(within: FunctionScope): Scope {
    return new Scope(this.#names, within, this);
  }

  /** From here on in this block: Lua lets a block declare the same name again. */
  declare(name: string, fixedFunction?: Variable['fixedFunction']): string {
    const js = this.#names.make(name);
    this.#variables.set(name, fixedFunction ? { js, fixedFunction } : { js });
    return js;
  }

  resolve(name: string): Variable | undefined {
    return this.#variables.get(name) ?? this.#outer?.resolve(name);
  }

  /** A variable of the function for what JavaScript has to evaluate once. */
  helper(): string {
    const js = this.#names.make('$');
    this.function.helpers.push(js);
    return js;
  }

  /** A name that nothing else has. */
  unique(): string {
    return this.#names.make('$');
  }
}

export class Names {
  #count = 0;

  make(name: string): string {
    return `${name}_${this.#count++}`;
  }
}
