/**
 * A Redis in memory: one database, the commands that Sluice uses, the product's own scripts compiled to
 * JavaScript. Synchronous and repeatable: time and chance come in, nothing goes out.
 *
 * What can go wrong with it: it can forget everything (`flush`), forget what came last as a failover does
 * (`revertTo`), and its clock may jump (`jumpClock`). That it cannot be reached is the client's `Link`'s doing.
 */
import { ErrorReply, type ScriptReply } from '../lua/compile.ts';
import { LuaError } from '../lua/lua-error.ts';
import { type CommandReply, Status } from '../lua/script-command.ts';
import { runCommand } from './commands.ts';
import { Database } from './database.ts';
import { History, type HistoryOptions } from './history.ts';
import { type KeyPicture, PictureHash, pictureOf } from './picture.ts';
import { ReplyError } from './reply-error.ts';
import { type BookedScript, ScriptBook, shaOf } from './script-book.ts';

export interface FakeRedisOptions {
  /** True time in µs since 1970, whole; never goes back. Redis' clock shows it, until `jumpClock`. */
  readonly nowMicros: () => number;
  /** In [0, 1), seeded: for commands that choose at random. Default: always the first. */
  readonly random?: () => number;
  /** How far it can go back. Default: 10 000 commands that wrote, a minute. */
  readonly history?: HistoryOptions;
  /** Default: the product's scripts as they are. */
  readonly scripts?: ScriptBook;
}

const historyDefault: HistoryOptions = { commandsMax: 10_000, ageMsMax: 60_000 };

export class FakeRedis {
  readonly scripts: ScriptBook;
  /** How often a script gave which kind of reply: `claim: stale`. All that there are: `scripts.possibleReplies`. */
  readonly replies = new Map<string, number>();
  readonly #nowMicros: () => number;
  readonly #database: Database;
  readonly #history: History;
  readonly #hash: PictureHash;
  /** Scripts that it has been sent: the others have to be sent with their text first. */
  readonly #known = new Map<string, BookedScript>();
  #skewMicros = 0;

  constructor({ nowMicros, random, history, scripts }: FakeRedisOptions) {
    this.scripts = scripts ?? new ScriptBook();
    this.#nowMicros = nowMicros;
    this.#history = new History(history ?? historyDefault);
    this.#database = new Database(this.#history, random ?? (() => 0));
    this.#hash = new PictureHash(this.#database);
  }

  /** What its clock shows: µs since 1970. */
  get clockMicros(): number {
    return this.#nowMicros() + this.#skewMicros;
  }

  /** Forward or back; whole ms. */
  jumpClock(byMs: number): void {
    this.#skewMicros += byMs * 1_000;
  }

  /** @throws ReplyError as Redis answers. */
  command(name: string, ...args: readonly string[]): ScriptReply {
    this.#begin();
    return clientReply(runCommand(this.#database, name, args));
  }

  /** @throws ReplyError `NOSCRIPT …`, or what went wrong in it: what it wrote until then stays, as in Redis. */
  evalsha(sha: string, keys: readonly string[], args: readonly string[]): ScriptReply {
    const script = this.#known.get(sha);
    if (!script) throw new ReplyError('NOSCRIPT No matching script. Please use EVAL.');
    this.#begin();
    const reply = runScript(script, this.#database, keys, args);
    for (const kind of script.kinds.of(reply)) this.#count(`${script.name}: ${kind}`);
    return reply;
  }

  /** @throws ReplyError for a text that is none of the product's: see `ScriptBook`. */
  eval(text: string, keys: readonly string[], args: readonly string[]): ScriptReply {
    const sha = shaOf(text);
    const script = this.scripts.find(sha);
    if (!script) throw new ReplyError("ERR Error compiling script: it is none of Sluice's");
    this.#known.set(sha, script);
    return this.evalsha(sha, keys, args);
  }

  /** Everything is gone, scripts included, as after a restart without a file. Can be undone. */
  flush(): void {
    this.#begin();
    this.#database.clear();
    this.#known.clear();
  }

  /** How many commands wrote; see `history.ts`. */
  get point(): number {
    return this.#history.point;
  }

  /** The oldest point that it can go back to. */
  get oldestPoint(): number {
    return this.#history.oldest;
  }

  /** The last point before a time, by true time; the oldest one left if that is older. */
  pointAgo(ms: number): number {
    return this.#history.pointAt(this.#nowMicros() / 1_000 - ms);
  }

  /** Keys are as they were at the point; scripts are unknown, as on a replica. @throws Error if it is too old. */
  revertTo(point: number): void {
    this.#database.revertTo(point);
    this.#known.clear();
  }

  /** Everything, as it is the same for the same contents. Keys whose time is up are in it until a command runs. */
  dump(): Record<string, KeyPicture> {
    return pictureOf(this.#database);
  }

  /** Of what `dump` shows; costs what was written since the last time. */
  hash(): number {
    return this.#hash.value();
  }

  #count(kind: string): void {
    this.replies.set(kind, (this.replies.get(kind) ?? 0) + 1);
  }

  #begin(): void {
    const micros = this.#nowMicros();
    this.#history.endCommand();
    this.#database.beginCommand(micros + this.#skewMicros, micros / 1_000);
  }
}

function runScript(
  script: BookedScript,
  database: Database,
  keys: readonly string[],
  args: readonly string[],
): ScriptReply {
  try {
    return script.run(database, keys, args);
  } catch (error) {
    if (error instanceof LuaError) {
      throw new ReplyError(`ERR ${script.name}.lua: ${error.message}`, { cause: error });
    }
    if (error instanceof ErrorReply) throw new ReplyError(error.message, { cause: error });
    throw error;
  }
}

function clientReply(reply: CommandReply): ScriptReply {
  if (reply === false) return null;
  if (reply instanceof Status) return reply.text;
  return Array.isArray(reply) ? reply.map(clientReply) : reply;
}
