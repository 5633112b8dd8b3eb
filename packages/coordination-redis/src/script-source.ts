/**
 * The text of the scripts. They live in `lua/`, beside `src/` and `dist/`, one file a transition; pieces
 * that several need are in `lua/include/` and stand where a script says `--- @include "name"`, once.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

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
    const text = expand(`${name}.lua`, new Set());
    source = { text, sha: createHash('sha1').update(text).digest('hex') };
    loaded.set(name, source);
  }
  return source;
}

function expand(file: string, included: Set<string>): string {
  const text = readFileSync(new URL(file, folder), 'utf8');
  return text.replaceAll(includeLine, (_line, piece: string) => {
    if (included.has(piece)) return '';
    included.add(piece);
    assert(included.size < 100, `lua/${file} includes without end`);
    return expand(`include/${piece}.lua`, included);
  });
}
