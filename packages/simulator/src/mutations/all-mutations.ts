/** What is mutated: every Lua script with its pieces, and the state machines of coordinator and worker. */
import { readdirSync, readFileSync } from 'node:fs';

import { readScriptFile, scriptFiles } from '@sluice/coordination-redis/script-source';

import { guardsOfLua } from './lua-guards.ts';
import { type Mutation, mutationsAt } from './mutation.ts';
import { guardsOfTypeScript } from './typescript-guards.ts';

/** Of the brains' sources. */
export const brainFolder = new URL('../../../coordination/src/', import.meta.url);

/** No decision is made there: shapes, names, and what only tests use. */
const leftOut = /^(conformance|testing)\/|(^|\/)(index|model|store|dispatch|profile)\.ts$/;

export function allMutations(): Mutation[] {
  return [...scriptMutations(), ...brainMutations()];
}

/** In the order of files and lines. A piece that several scripts include is broken in all. */
export function scriptMutations(files: readonly string[] = scriptFiles()): Mutation[] {
  return files.flatMap((file) => luaMutations(file, readScriptFile(file)));
}

export function luaMutations(file: string, text: string): Mutation[] {
  return mutationsAt('lua', file, text, guardsOfLua(file, text));
}

export function brainMutations(): Mutation[] {
  const files = readdirSync(brainFolder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !leftOut.test(file))
    .toSorted();
  return files.flatMap((file) =>
    typeScriptMutations(file, readFileSync(new URL(file, brainFolder), 'utf8')),
  );
}

export function typeScriptMutations(file: string, text: string): Mutation[] {
  return mutationsAt('typescript', file, text, guardsOfTypeScript(file, text));
}
