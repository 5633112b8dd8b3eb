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

/** A text by its file: `claim.lua`, `include/units.lua`. */
export type ReplacedFiles = ReadonlyMap<string, string>;

/** Compiled when it is first run. */
export class BookedScript {
  readonly name: string;
  /** What is run, its pieces included. */
  readonly text: string;
  #run: CompiledScript<Database> | undefined;
  #kinds: ReplyKinds | undefined;

  constructor(name: string, text: string) {
    this.name = name;
    this.text = text;
  }

  /** @throws LuaCompileError if the text cannot be compiled. */
  get run(): CompiledScript<Database> {
    this.#run ??= compileScript(this.name, this.text, commands);
    return this.#run;
  }

  get kinds(): ReplyKinds {
    this.#kinds ??= new ReplyKinds(this.name, this.text);
    return this.#kinds;
  }
}

export class ScriptBook {
  readonly #bySha = new Map<string, BookedScript>();

  constructor(replaced: ReplacedFiles = new Map()) {
    for (const name of scriptNames()) {
      const { sha, text: original } = scriptSource(name);
      const text =
        replaced.size === 0
          ? original
          : expandScript(name, (file) => replaced.get(file) ?? readOnce(file));
      this.#bySha.set(sha, bookedOnce(name, text));
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

/** By text: shared by all books, so that each is compiled once. */
const booked = new Map<string, BookedScript>();
const files = new Map<string, string>();
const shas = new Map<string, string>();

function bookedOnce(name: string, text: string): BookedScript {
  const known = booked.get(text) ?? new BookedScript(name, text);
  booked.set(text, known);
  return known;
}

function readOnce(file: string): string {
  const text = files.get(file) ?? readScriptFile(file);
  files.set(file, text);
  return text;
}

export function shaOf(text: string): string {
  let sha = shas.get(text);
  if (sha === undefined) {
    sha = createHash('sha1').update(text).digest('hex');
    shas.set(text, sha);
  }
  return sha;
}
