/**
 * The product's scripts, compiled. The store calls a script by the hash of the product's text; the book may have
 * another text for it, so that a script can be tried with a part of it changed and nothing else knows.
 */
import { createHash } from 'node:crypto';
import {
  expandScript,
  readScriptFile,
  scriptNames,
  scriptSource,
} from '@sluice/coordination-redis/script-source';

import { type CompiledScript, compileScript } from '../lua/compile.ts';
import { ReplyKinds } from '../lua/reply-kinds.ts';
import { commands } from './commands.ts';
import type { Database } from './database.ts';

export interface BookedScript {
  readonly name: string;
  /** What is run, its pieces included. */
  readonly text: string;
  readonly run: CompiledScript<Database>;
  readonly kinds: ReplyKinds;
}

/** A text by its file: `claim.lua`, `include/units.lua`. */
export type ReplacedFiles = ReadonlyMap<string, string>;

export class ScriptBook {
  readonly #bySha = new Map<string, BookedScript>();

  /** @throws LuaCompileError if a replaced text cannot be compiled. */
  constructor(replaced: ReplacedFiles = new Map()) {
    for (const name of scriptNames()) {
      const { sha, text: original } = scriptSource(name);
      const text = expandScript(name, (file) => replaced.get(file) ?? readScriptFile(file));
      const known = text === original ? originals.get(name) : undefined;
      const script = known ?? {
        name,
        text,
        run: compileScript(name, text, commands),
        kinds: new ReplyKinds(name, text),
      };
      if (text === original) originals.set(name, script);
      this.#bySha.set(sha, script);
    }
  }

  get scripts(): readonly BookedScript[] {
    return [...this.#bySha.values()];
  }

  /** Of all scripts: `claim: stale`. See `ReplyKinds`. */
  get possibleReplies(): string[] {
    return this.scripts.flatMap(({ name, kinds }) =>
      [...kinds.all].map((kind) => `${name}: ${kind}`),
    );
  }

  find(sha: string): BookedScript | undefined {
    return this.#bySha.get(sha);
  }
}

/** Compiled once for all books. */
const originals = new Map<string, BookedScript>();
const shas = new Map<string, string>();

export function shaOf(text: string): string {
  let sha = shas.get(text);
  if (sha === undefined) {
    sha = createHash('sha1').update(text).digest('hex');
    shas.set(text, sha);
  }
  return sha;
}
