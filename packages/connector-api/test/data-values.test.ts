import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { isPlainObject, objectMaker } from '../src/data-values.ts';
import { Decimal } from '../src/index.ts';

/** More than are made before an object maker is compiled. */
const many = 250;

test('an object maker makes the same objects, whatever its properties are called and how often it is used', () => {
  const name = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom(
      '__proto__',
      'constructor',
      '0',
      'values',
      '"]: values, ["',
      '${1}',
      '\u2028',
      "'",
    ),
  );
  fc.assert(
    fc.property(fc.uniqueArray(name, { maxLength: 40 }), (names) => {
      const make = objectMaker(names);
      const values = names.map((_, index) => index);
      const expected = Object.fromEntries(names.map((each, index) => [each, index]));
      for (let count = 0; count < many; count += 1) {
        const made = make(values);
        if (count % 50 > 0) continue;
        expect(Object.entries(made)).toEqual(Object.entries(expected));
        expect(Object.getPrototypeOf(made)).toBe(Object.prototype);
      }
    }),
  );
});

test('a name is never run as code', () => {
  const names = [
    'a": (globalThis.wasRun = true), "b',
    'values[0] = globalThis.wasRun = true',
    '`${wasRun = 1}`',
  ];
  const make = objectMaker(names);
  for (let count = 0; count < many; count += 1) make([1, 2, 3]);
  expect('wasRun' in globalThis).toBe(false);
  expect(Object.keys(make([1, 2, 3]))).toEqual(names);
});

test('an object maker works where Node does not compile texts', () => {
  const compile = globalThis.Function;
  globalThis.Function = function refused() {
    throw new EvalError('Code generation from strings disallowed for this context');
  } as unknown as FunctionConstructor;
  try {
    const make = objectMaker(['a', 'b']);
    for (let count = 0; count < many; count += 1) expect(make([1, 2])).toEqual({ a: 1, b: 2 });
  } finally {
    globalThis.Function = compile;
  }
});

test('plain objects are those that are nothing else', () => {
  class Row {
    readonly id = 1;
  }
  for (const plain of [{}, { a: 1 }, new Row(), Object.create(null)])
    expect(isPlainObject(plain)).toBe(true);
  const others = [null, undefined, 1, 'a', [], new Map(), new Date(), Buffer.alloc(1)];
  for (const other of [...others, new Decimal(1n, 0)]) expect(isPlainObject(other)).toBe(false);
});
