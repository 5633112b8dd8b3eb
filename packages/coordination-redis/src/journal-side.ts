/** The store's side of a journal of definitions: what is taken from it, and how far it was followed. */
import type {
  JournaledConnector,
  JournaledSet,
  JournalHigh,
  JournalMark,
  LeaderStore,
  LeaderTerm,
  NextJournalMark,
  TaskSet,
} from '@sluice/coordination';

import { batchUnitsMax } from './batches.ts';
import { parseJson, type Reads } from './reads.ts';
import { encodeTaskConfig, taskSetDigest } from './records.ts';
import type { Reply } from './reply.ts';
import type { Argument, Scripts } from './scripts.ts';

export type JournalSide = Pick<
  LeaderStore,
  'journalMark' | 'taskSets' | 'restore' | 'markJournaled' | 'raiseEpoch'
>;

/** Of one script call: their task sets may be large. */
const connectorsMax = 50;

export class RedisJournalSide implements JournalSide {
  readonly #scripts: Scripts;
  readonly #reads: Reads;

  constructor(scripts: Scripts, reads: Reads) {
    this.#scripts = scripts;
    this.#reads = reads;
  }

  async journalMark(): Promise<JournalMark | undefined> {
    const mark = await this.#reads.run('journal', (redis, keys) => redis.get(keys.of('journal')));
    const match = /^(.*)\|(\d+)$/s.exec(mark ?? '');
    return match?.[1] === undefined ? undefined : { journal: match[1], position: Number(match[2]) };
  }

  async taskSets(connectors: readonly string[]): Promise<(TaskSet | undefined)[]> {
    const sets: (TaskSet | undefined)[] = [];
    for (let from = 0; from < connectors.length; from += connectorsMax) {
      const names = connectors.slice(from, from + connectorsMax);
      const replies = (await this.#scripts.run('task-sets', names)).list();
      sets.push(...replies.map((reply, index) => decodeTaskSet(names[index] ?? '', reply)));
    }
    return sets;
  }

  async restore(
    term: LeaderTerm,
    connectors: readonly JournaledConnector[],
    { ordinal, fence }: JournalHigh,
  ): Promise<void> {
    const restore = async (args: readonly Argument[]): Promise<void> => {
      const reply = await this.#scripts.runAsLeader('restore', term, [ordinal, fence, ...args]);
      reply.status('restored');
    };
    await restore(['']);
    for (const connector of connectors) {
      for (const args of restoreArguments(connector)) await restore(args);
    }
  }

  async markJournaled(
    term: LeaderTerm,
    sets: readonly JournaledSet[],
    next: NextJournalMark,
  ): Promise<boolean> {
    const [mark] = markArguments(next);
    let [, after] = markArguments(next);
    let from = 0;
    do {
      const some = sets.slice(from, from + batchUnitsMax);
      const args = some.flatMap(({ connector, uid, epoch }) => [connector, uid, epoch]);
      const reply = await this.#scripts.runAsLeader('mark-journaled', term, [mark, after, ...args]);
      if (reply.status('marked', 'behind') === 'behind') return false;
      after = mark;
      from += batchUnitsMax;
    } while (from < sets.length);
    return true;
  }

  async raiseEpoch(term: LeaderTerm, epoch: number): Promise<void> {
    (await this.#scripts.runAsLeader('raise-epoch', term, [epoch])).status('raised');
  }
}

/** The mark, and the one that it comes after: see `journal-mark.lua`. */
export function markArguments({
  journal,
  position,
  after,
}: NextJournalMark): readonly [string, string] {
  const before = after === undefined ? '*' : after ? `${after.journal}|${after.position}` : '';
  return [`${journal}|${position}`, before];
}

/** Of each call: some hundred tasks keep Redis from everything else for some milliseconds. */
function* restoreArguments(connector: JournaledConnector): Generator<Argument[]> {
  const { unit } = connector;
  const tasks = connector.tasks.map(({ ordinal, config }) => ({
    ordinal,
    config: encodeTaskConfig(config),
  }));
  const facts = [
    connector.name,
    connector.uid,
    connector.version,
    JSON.stringify(connector.config),
    connector.type,
    connector.targetState,
    connector.lifecycle,
    connector.createdAtMs,
    unit?.ordinal ?? '',
    unit?.epoch ?? 0,
    connector.taskEpoch,
    connector.taskVersion,
    tasks.length,
    taskSetDigest(tasks.map(({ config }) => config)),
  ];
  let from = 0;
  do {
    const some = tasks.slice(from, from + batchUnitsMax);
    const isLast = from + batchUnitsMax >= tasks.length;
    yield [
      ...facts,
      isLast ? '1' : '',
      from,
      ...some.flatMap(({ ordinal, config }) => [ordinal, config]),
    ];
    from += batchUnitsMax;
  } while (from < tasks.length);
}

function decodeTaskSet(name: string, reply: Reply): TaskSet | undefined {
  const [uid, epoch, version, ...configs] = reply.texts();
  if (uid === undefined) return undefined;
  const byTask: { task: number; config: TaskSet['configs'][number] }[] = [];
  for (let index = 0; index + 1 < configs.length; index += 2) {
    const task = Number(configs[index]);
    const config = parseJson(`configuration of ${name}/${task}`, configs[index + 1]);
    byTask.push({ task, config: config as TaskSet['configs'][number] });
  }
  const sorted = byTask.toSorted((a, b) => a.task - b.task);
  return {
    uid,
    epoch: Number(epoch),
    version: Number(version),
    configs: sorted.map(({ config }) => config),
  };
}
