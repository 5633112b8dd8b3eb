/**
 * The text of the scripts. They live in `lua/`, beside `src/` and `dist/`, one file a transition; pieces
 * that several need are in `lua/include/` and stand where a script says `--- @include "name"`, once.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';

import { assert } from '@sluice/kernel';

export interface ScriptSource {
  readonly text: string;
  /** What EVALSHA calls it by. */
  readonly sha: string;
}

const folder = new URL('../lua/', import.meta.url);
const includeLine = /^--- @include "([a-z-]+)"$/gm;
const loaded = new Map<string, ScriptSource>();

export function scriptSource(name: string): ScriptSource {
  let source = loaded.get(name);
  if (!source) {
    const text = expandScript(name);
    source = { text, sha: createHash('sha1').update(text).digest('hex') };
    loaded.set(name, source);
  }
  return source;
}

/** All that there are. */
export function scriptNames(): string[] {
  return scriptFiles()
    .filter((file) => !file.includes('/'))
    .map((file) => file.slice(0, -'.lua'.length));
}

/** Scripts and pieces, as `readScriptFile` takes them: `claim.lua`, `include/units.lua`. */
export function scriptFiles(): string[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return names.filter((name) => name.endsWith('.lua')).toSorted();
}

export function readScriptFile(file: string): string {
  return readFileSync(new URL(file, folder), 'utf8');
}

/** The text of a script with its pieces in place, read by `read`: a test may put another text in a file's place. */
export function expandScript(
  name: string,
  read: (file: string) => string = readScriptFile,
): string {
  return expand(`${name}.lua`, read, new Set());
}

function expand(file: string, read: (file: string) => string, included: Set<string>): string {
  return read(file).replaceAll(includeLine, (_line, piece: string) => {
    if (included.has(piece)) return '';
    included.add(piece);
    assert(included.size < 100, `lua/${file} includes without end`);
    return expand(`include/${piece}.lua`, read, included);
  });
}
