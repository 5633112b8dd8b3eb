/** What is mutated: every Lua script with its pieces, and the state machines of coordinator and worker. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { guardsOfLua } from './lua-guards.ts';
import { type Mutation, mutationsOf } from './mutation.ts';
import { guardsOfTypeScript } from './typescript-guards.ts';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
export const luaFolder = 'packages/coordination-redis/lua';
const brainFolder = 'packages/coordination/src';

/** No decision is made there: shapes, names, and what only tests use. */
const leftOut = /^(conformance|testing)\/|(^|\/)(index|model|store|dispatch|profile)\.ts$/;

/** In the order of files and lines. */
export function allMutations(): Mutation[] {
  const scripts = filesIn(luaFolder, '.lua').flatMap((file) => {
    const source = readProductFile(file);
    return mutationsOf('lua', source, guardsOfLua(file, source));
  });
  const brains = filesIn(brainFolder, '.ts').flatMap((file) => {
    const source = readProductFile(file);
    return mutationsOf('typescript', source, guardsOfTypeScript(file, source));
  });
  return [...scripts, ...brains];
}

/** `file`: from the root of the repository. */
export function readProductFile(file: string): string {
  return readFileSync(join(root, file), 'utf8');
}

function filesIn(folder: string, extension: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(extension) && !leftOut.test(name))
    .map((name) => `${folder}/${name}`)
    .toSorted();
}
