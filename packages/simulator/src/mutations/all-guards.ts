/** What is mutated: every Lua script with its pieces, and the state machines of coordinator and worker. */
import { readdirSync, readFileSync } from 'node:fs';

import { readScriptFile, scriptFiles } from '@sluice/coordination-redis/script-source';

import { instrumented } from './instrument.ts';
import { guardsOfLua } from './lua-guards.ts';
import { type FoundGuard, type Guard, type Language, placed } from './mutation.ts';
import { guardsOfTypeScript } from './typescript-guards.ts';

/** Of the brains' sources. */
export const brainFolder = new URL('../../../coordination/src/', import.meta.url);

/** No decision is made there: shapes, names, and what only tests use. */
const leftOut = /^(conformance|testing)\/|(^|\/)(index|model|store|dispatch|profile)\.ts$/;

/** Nothing but functions of what they are given. */
const pure = /(^|\/)(decide-[a-z]+|compare-journal|cluster-view|status)\.ts$/;

export function isPure(file: string): boolean {
  return pure.test(file);
}

export interface GuardedFile {
  readonly language: Language;
  /** From the folder of the scripts, or of the brains' sources. */
  readonly file: string;
  readonly guards: readonly Guard[];
  /** With each guard going through the switch. */
  readonly instrumented: string;
}

/** In the order of files and lines, numbered through. A piece that several scripts include is there once. */
export function guardedFiles(): GuardedFile[] {
  const files: GuardedFile[] = [];
  let count = 0;
  const add = (language: Language, file: string, text: string, found: readonly FoundGuard[]) => {
    const guards = placed(language, file, text, found, count);
    count += guards.length;
    files.push({ language, file, guards, instrumented: instrumented(text, guards) });
  };
  for (const file of scriptFiles()) {
    const text = readScriptFile(file);
    add('lua', file, text, guardsOfLua(file, text));
  }
  for (const file of brainFiles()) {
    const text = readFileSync(new URL(file, brainFolder), 'utf8');
    add('typescript', file, text, guardsOfTypeScript(file, text));
  }
  return files;
}

function brainFiles(): string[] {
  return readdirSync(brainFolder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !leftOut.test(file))
    .toSorted();
}
