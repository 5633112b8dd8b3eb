import type { CommandReply } from '../lua/script-command.ts';
import { integer, syntaxError } from './arguments.ts';
import { type CommandTable, command } from './command-table.ts';
import type { Database } from './database.ts';
import { ReplyError } from './reply-error.ts';
import { compareIds, idText, nextId, parseId, type StreamEntry, type StreamId } from './stream.ts';

/** Redis trims by whole nodes where it is asked to trim about so many; a node has at most as many entries. */
const nodeEntriesMax = 100;

export const streamCommands: CommandTable = {
  XADD: command(4, Infinity, 'plain', append),
  XLEN: command(
    1,
    1,
    'plain',
    (database, key: string) => database.stream(key)?.entries.length ?? 0,
  ),
  XDEL: command(2, Infinity, 'plain', (database, key: string, ...ids: string[]) => {
    const given = ids.map((id) => idText(streamId(id, 0)));
    let deleted = 0;
    for (const id of given) if (database.deleteEntry(key, id)) deleted++;
    return deleted;
  }),
  XRANGE: command(
    3,
    5,
    'nested',
    (database, key: string, from: string, to: string, ...limit: string[]) => {
      return limited(between(database, key, from, to), limit);
    },
  ),
  XREVRANGE: command(
    3,
    5,
    'nested',
    (database, key: string, to: string, from: string, ...limit: string[]) => {
      return limited(between(database, key, from, to).toReversed(), limit);
    },
  ),
};

function append(database: Database, key: string, ...args: string[]): CommandReply {
  let at = 0;
  let keeps: ((length: number) => number) | undefined;
  if (args[at]?.toUpperCase() === 'MAXLEN') {
    const mode = args[++at];
    const isAbout = mode === '~';
    if (isAbout || mode === '=') at++;
    const most = integer(args[at++] ?? '');
    keeps = (length) => {
      const excess = Math.max(0, length - most);
      return isAbout ? Math.floor(excess / nodeEntriesMax) * nodeEntriesMax : excess;
    };
  }
  const [asked = '', ...flat] = args.slice(at);
  if (flat.length === 0 || flat.length % 2 !== 0) {
    throw new ReplyError("ERR wrong number of arguments for 'xadd' command");
  }
  const last = database.stream(key)?.lastId ?? { ms: 0, number: 0 };
  const id = asked === '*' ? nextId(last, database.nowMs) : streamId(asked, 0);
  if (compareIds(id, last) <= 0) {
    throw new ReplyError(
      'ERR The ID specified in XADD is equal or smaller than the target stream top item',
    );
  }
  database.appendEntry(key, { id, flat });
  if (keeps) database.trimStream(key, keeps(database.stream(key)?.entries.length ?? 0));
  return idText(id);
}

function between(database: Database, key: string, from: string, to: string): StreamEntry[] {
  const first = from === '-' ? { ms: 0, number: 0 } : streamId(from, 0);
  const last = to === '+' ? { ms: Infinity, number: 0 } : streamId(to, Infinity);
  const entries = database.stream(key)?.entries ?? [];
  return entries.filter(({ id }) => compareIds(id, first) >= 0 && compareIds(id, last) <= 0);
}

function limited(
  entries: readonly StreamEntry[],
  [option, count]: readonly string[],
): CommandReply {
  if (option !== undefined && (option.toUpperCase() !== 'COUNT' || count === undefined))
    throw syntaxError();
  const some = count === undefined ? entries : entries.slice(0, Math.max(0, integer(count)));
  return some.map(({ id, flat }) => [idText(id), [...flat]]);
}

function streamId(text: string, numberDefault: number): StreamId {
  const id = parseId(text, numberDefault);
  if (!id) throw new ReplyError('ERR Invalid stream ID specified as stream command argument');
  return id;
}
