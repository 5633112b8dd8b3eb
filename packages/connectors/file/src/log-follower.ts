/**
 * One log, read in the order in which it was written, over all of its files:
 *
 *     ┌──────── the oldest file, or where the offset says
 *     ▼
 *   reading ──nothing new, and a newer file is there, for a while──▶ its rest ──▶ reading the next, from its beginning
 *     │
 *     └──its beginning is another one: truncated──▶ the copy that has what was read, behind that
 *                                                   no such copy: the next newer file, from its beginning
 *
 * It may repeat lines, where it cannot tell, and leaves none out, but for what can no longer be seen: a file that was
 * deleted or compressed before it was read to its end, and what a service writes into a renamed file after it had
 * written nothing for that while.
 */
import type { TaskLogger } from '@sluice/connector-api';
import { type Entry, EntryAssembler } from './entry-assembler.ts';
import { findMembers } from './find-logs.ts';
import { Generation, isSameContent, type LogPosition } from './generation.ts';
import { inOrder, type Member } from './log-names.ts';

export interface LogFollowerOptions {
  readonly log: string;
  readonly at: LogPosition | undefined;
  readonly multilineStart: RegExp | undefined;
  /** The last entry of a log that rests is complete after this. */
  readonly multilineWaitMs: number;
  /** A file that was replaced is read to its end when nothing came for so long. */
  readonly rotatedWaitMs: number;
  readonly lineBytesMax: number;
  readonly logger: TaskLogger;
  readonly monotonicMs?: () => number;
}

export interface ReadEntry {
  readonly text: string;
  readonly at: LogPosition;
}

/** How often a resting log is asked whether it was replaced. */
const lookMs = 200;

export class LogFollower {
  readonly #options: LogFollowerOptions;
  readonly #nowMs: () => number;
  readonly #entries: EntryAssembler;
  #at: LogPosition | undefined;
  #open: Generation | undefined;
  #lastBytesMs: number;
  #lastLookMs = Number.NEGATIVE_INFINITY;
  #newerSinceMs: number | undefined;

  constructor(options: LogFollowerOptions) {
    this.#options = options;
    this.#nowMs = options.monotonicMs ?? (() => performance.now());
    this.#entries = new EntryAssembler(options.multilineStart);
    this.#at = options.at;
    this.#lastBytesMs = this.#nowMs();
  }

  /** Whether it reads a file now. */
  get isReading(): boolean {
    return this.#open !== undefined;
  }

  /** What is there, at most `max` and what ends with a file; empty when there is nothing now. */
  async read(max: number): Promise<readonly ReadEntry[]> {
    this.#open ??= await this.#find();
    if (!this.#open) return [];
    const left = this.#cut(this.#open, max);
    if (left.length > 0) return left;
    const read = await this.#open.read();
    if (read === 'changed') {
      await this.#startAnew(this.#open);
      return [];
    }
    if (read > 0) {
      this.#lastBytesMs = this.#nowMs();
      this.#newerSinceMs = undefined;
    }
    const entries = this.#cut(this.#open, max);
    if (entries.length > 0 || read > 0) return entries;
    return await this.#atEnd(this.#open);
  }

  async close(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    this.#entries.drop();
    await open?.close();
  }

  /** Complete entries of what was read. */
  #cut(open: Generation, max: number): ReadEntry[] {
    const entries: ReadEntry[] = [];
    const { lines } = open;
    for (let line = lines.next(); line !== undefined; line = lines.next()) {
      this.#add(entries, open, this.#entries.push(line, lines.position));
      if (entries.length >= max) return entries;
    }
    if (lines.pendingBytes >= this.#options.lineBytesMax)
      this.#add(entries, open, this.#entries.push(lines.takePending(), lines.position));
    return entries;
  }

  #add(entries: ReadEntry[], open: Generation, entry: Entry | undefined): void {
    if (!entry) return;
    this.#at = open.positionAt(entry.position);
    entries.push({ text: entry.text, at: this.#at });
  }

  async #atEnd(open: Generation): Promise<readonly ReadEntry[]> {
    const nowMs = this.#nowMs();
    const entries: ReadEntry[] = [];
    const restedMs = nowMs - this.#lastBytesMs;
    if (
      this.#entries.isPending &&
      open.lines.pendingBytes === 0 &&
      restedMs >= this.#options.multilineWaitMs
    )
      this.#add(entries, open, this.#entries.flush());
    if (nowMs - this.#lastLookMs < lookMs) return entries;
    this.#lastLookMs = nowMs;
    const next = await this.#newerThan(open);
    if (!next) {
      this.#newerSinceMs = undefined;
      return entries;
    }
    this.#newerSinceMs ??= nowMs;
    const { rotatedWaitMs } = this.#options;
    if (nowMs - this.#newerSinceMs < rotatedWaitMs || restedMs < rotatedWaitMs) return entries;
    // A look in the middle of a rotation may miss one: two say the same.
    const again = await this.#newerThan(open);
    if (again?.inode !== next.inode) return entries;
    return [...entries, ...(await this.#goOnIn(next, open))];
  }

  /** What is left of a file that nothing is added to any more, and then the next one. */
  async #goOnIn(next: Member, open: Generation): Promise<ReadEntry[]> {
    const entries: ReadEntry[] = [];
    while (open.lines.pendingBytes > 0)
      this.#add(entries, open, this.#entries.push(open.lines.takePending(), open.lines.position));
    this.#add(entries, open, this.#entries.flush());
    const opened = await Generation.open(next);
    // Rotated once more at this moment: the end of this file is met again, with nothing pending.
    if (!opened) return entries;
    await open.close();
    this.#open = opened;
    this.#newerSinceMs = undefined;
    return entries;
  }

  /** The file behind the one that is open; undefined while there is none. A file that is gone has all others behind it. */
  async #newerThan(open: Generation): Promise<Member | undefined> {
    const { log } = this.#options;
    const members = inOrder(log, await findMembers(log));
    const index = members.findIndex(({ inode }) => inode === open.inode);
    if (index >= 0) return members[index + 1];
    const { mtimeMs } = open.positionAt(open.lines.position);
    return members.find((each) => each.mtimeMs >= mtimeMs);
  }

  async #startAnew(open: Generation): Promise<void> {
    const { log, logger } = this.#options;
    logger.info(
      { log, file: open.path },
      'the file was truncated: looking for a copy of what it had',
    );
    // What was read of an entry is read again with it.
    await this.close();
  }

  /** The file to go on with, open at the right place; undefined while there is none. */
  async #find(): Promise<Generation | undefined> {
    const { log, logger } = this.#options;
    const members = inOrder(log, await findMembers(log));
    const at = this.#at;
    if (!at) return members[0] && (await Generation.open(members[0]));
    const same = await this.#withContent(members, at);
    if (same) return await Generation.open(same, at);
    const newer = members.find((each) => each.mtimeMs >= at.mtimeMs);
    if (!newer) return undefined;
    logger.warn(
      { log, file: newer.path },
      'the file that was read is gone or was truncated: going on at the beginning of the next one',
    );
    return await Generation.open(newer);
  }

  /** The same inode first: of copies that begin alike it is the one. */
  async #withContent(members: readonly Member[], at: LogPosition): Promise<Member | undefined> {
    const own = members.find(({ inode }) => inode === at.inode);
    if (own && (await isSameContent(own, at))) return own;
    // Of nothing, every file is a copy.
    if (at.headBytes === 0) return undefined;
    for (const member of members)
      if (member !== own && (await isSameContent(member, at))) return member;
    return undefined;
  }
}
